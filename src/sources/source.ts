import type { AlertReport } from '../domain/alert.ts';
import type { Lookup } from '../domain/change-event.ts';
import type { ChangeRecord, NewChangeRecord, Witness } from '../domain/change-record.ts';
import type { RejectionCode, WebhookRejected } from '../domain/errors.ts';
import type { Pattern } from '../domain/rule-regex.ts';
import type { SeeSetup } from '../domain/setup-seen.ts';
import type { SetupAddress, SetupRecipe } from './recipe.ts';
import type { KeptRow, Rows } from './rows.ts';

export type { Lookup };

/*
 * The contract between a tool's folder and the rest: a webhook, what it is mapped to, how it is answered, and what a
 * source offers. One file in spite of its length, since it is read as a whole by whoever adds a source.
 */

/** A webhook as it came over the wire. */
export interface Webhook {
  /** Ours, random, for the inbox and the logs. */
  readonly id: string;
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** What follows "?", as sent. It is not kept: some senders put tokens there. */
  readonly query?: string;
  /** Lower-case names. A header that came twice is joined with ", ": two tokens are then one wrong token. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes: signatures are over these and nothing else. */
  readonly body: Buffer;
  readonly receivedAt: Date;
  /** Of the sender, as far as the proxies in front of us are trusted. Undefined: it came from ourselves. */
  readonly address?: string;
}

/** The part of a webhook that is known before its body is read. */
export type WebhookHead = Omit<Webhook, 'body'>;

/** Why an authentic webhook makes no change. A closed list: each is counted and shown in the inbox. */
export const IGNORED_REASONS = [
  /** An event of another kind: a push, an issue, a comment. */
  'not_a_deployment',
  /** A job or pipeline none of whose jobs deploys. */
  'no_environment',
  /** It stops, prepares or checks an environment instead of deploying to it. */
  'not_a_start',
  /** Created, waiting for a runner, manual or skipped: nothing was deployed (yet). */
  'not_started',
  /** A status word that this version does not know. */
  'unknown_status',
  /** The sender's own connection test. */
  'ping',
  /** Needs the tool's API to become a deployment, and no token is configured or the API knows no such thing. */
  'needs_lookup',
  'dry_run',
  'self_heal',
  /** A sync that had nothing to do. */
  'no_op',
  /** It happened longer ago than the source's limit: a first subscription reports the past. */
  'too_old',
  'app_deleted',
  /** JSON, but of no known shape. */
  'unmapped',
  /** Not JSON, kept as it is because the sender cannot send it again. */
  'invalid_json',
  /** Our own write to the Deployments API, coming back. */
  'echo',
  /** A routing rule drops it. */
  'dropped_by_rule',
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/**
 * What a webhook reports. Ignored is a value, not an error. `detail` is a sentence for the person who looks for the
 * reason.
 */
export type Mapped =
  /** There are records, or lookups, or both: what the lookups find adds to the records. Or there are alerts. */
  | {
      readonly kind: 'records';
      readonly records: readonly NewChangeRecord[];
      readonly lookups?: readonly Lookup[];
      /** Stored beside the changes: an alert is no deployment. */
      readonly alerts?: readonly AlertReport[];
      /** How many more alerts there were than a webhook may report. */
      readonly omitted?: number;
      /** Of an imitated API: made durable together with the records. */
      readonly row?: KeptRow;
    }
  | {
      readonly kind: 'ignored';
      readonly reason: IgnoredReason;
      readonly detail?: string;
      /** Records of other deployments that it reports as well: they count only where they are new. */
      readonly hints?: readonly NewChangeRecord[];
    };

/** The answer to the sender, before it is turned into HTTP. */
export type Outcome =
  | {
      readonly kind: 'accepted';
      /** It repeats what is known: set where `tellsRepeats` is. */
      readonly isRepeat?: true;
      readonly records: readonly NewChangeRecord[];
      readonly alerts?: readonly AlertReport[];
      readonly lookups?: readonly Lookup[];
      /** The answer of an imitated API. */
      readonly answer?: Answer;
    }
  /** A read request to an imitated API: nothing was reported. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly detail?: string }
  /** `noted`: its id in the inbox, where that differs from the webhook's. */
  | { readonly kind: 'rejected'; readonly error: WebhookRejected; readonly noted?: string }
  /** A connection test that its tool does not sign: answered 2xx, and neither read nor kept. */
  | { readonly kind: 'unproved' }
  /** Redis did not accept it in time, or too many bodies are being received. */
  | { readonly kind: 'not_kept'; readonly reason?: 'busy' };

/** An HTTP answer in the format of the sender's tool. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON; undefined as nothing. */
  readonly body: unknown;
  /** Lower-case names. A `content-type` replaces ours. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The result of a request to an imitated API. */
export type Served =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** It reports something: the webhook to map and keep, with the numbers that are in the answer. */
  | {
      readonly kind: 'webhook';
      readonly webhook: Webhook;
      /** Absent: as for any webhook. */
      readonly answer?: Answer;
      /** Made durable together with the webhook. */
      readonly row?: KeptRow;
    };

/** An API of a tool that a source answers in the tool's place, for clients with that API built in. */
export interface ImitatedApi {
  /** Whether the path belongs to it: there it accepts every method. */
  covers(path: string): boolean;
  /**
   * Handles an authentic request, given what was reported before.
   * @throws WebhookRejected, which `answer` translates for the API; NotKept when Redis is needed for it and is away.
   */
  serve(webhook: Webhook, rows: Rows): Promise<Served>;
}

/** A webhook with which a source can be tested. */
export interface Sample {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a source may use while it asks its tool's API. */
export interface ApiCall {
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** What to set up in the tool: `shiplog hooks apply`. */
export interface HookOrder {
  /** Where the tool reaches this source: https://shiplog.example.com/webhooks/gitlab */
  readonly url: string;
  /**
   * What gets a webhook, as the tool writes it: `project:harbor/api`, `group:harbor`, `repository:harbor/api`,
   * `workspace:harbor`.
   */
  readonly targets: readonly string[];
  /** Report what would be done, and do nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * What the rest of the bridge needs to know of a tool. Each is required, so that the compiler asks for it when a tool
 * is added: nothing outside the tool's folder keeps a table by tool.
 */
export interface ToolFacts {
  /** The kind of tool: `type` in the configuration, and the name of its folder. */
  readonly type: string;
  /** What people call it: "Argo CD". */
  readonly productName: string;
  /**
   * The change log's name for it, where the sender names no tool itself. Undefined: its senders are tools of their own.
   */
  readonly changeLogName: string | undefined;
  /**
   * As which kind of witness it reports a deployment, where another tool may report the same one (domain/join.ts).
   * Undefined: no other tool does.
   */
  readonly witness: Witness | undefined;
  /** What the address in `pipelineUrl` leads to, as the text of a link: "pipeline". */
  readonly pipelineLabel: string;
  /**
   * Headers that distinguish a delivery from its repeats, kept in the inbox beside the common ones. Lower case, no
   * secrets.
   */
  readonly keptHeaders: readonly string[];
  /** By which of the kept headers the tool's own log finds a delivery again; the first that is present counts. */
  readonly deliveryIdHeaders: readonly string[];
  /** Headers by which a sender authenticates, lower case. Without any of them there is no proof to check. */
  readonly proofHeaders: readonly string[];
  /** How a sender writes text into JSON safely, as an instruction: "build the body with `jq -n --arg`". */
  readonly escapeAdvice: string;
  /** What a request by a wrong method usually means; undefined: nothing in particular. */
  readonly wrongMethodAdvice: string | undefined;
  /**
   * When a webhook of this tool makes no change, in the tool's terms: sentences beside those of REASONS (reasons.ts).
   */
  readonly reasonNotes: Readonly<Partial<Record<IgnoredReason | RejectionCode, string>>>;
  /**
   * True where the tool's own API lets a key that writes changes read them too: its secrets then read our change log.
   */
  readonly secretsMayRead: boolean;
}

/** One configured source of changes. Knows nothing of HTTP servers, queues or Redis. */
export interface Source extends ToolFacts {
  /** The name in `/webhooks/<name>`. */
  readonly name: string;
  /**
   * The name of the tool, where several tools share the type: two sources of one tool are two teams, two of different
   * tools are not. Absent: the type.
   */
  readonly tool?: string;
  /** The secrets of senders. Shown by `shiplog secrets` and to an admin who asks; nowhere else. */
  readonly secrets: readonly string[];
  /** Further secrets, which are never shown: of the tool's API. */
  readonly hidden?: readonly string[];
  /** Its senders put the secret at the end of the path: a path is shown and kept only up to it. */
  readonly hidesPath?: true;
  /** The header with the time that senders sign, lower case. Default: webhook-timestamp, where there is one. */
  readonly signedAtHeader?: string;
  /** Largest accepted body, bytes. */
  readonly maxBodyBytes: number;
  /**
   * Path prefixes outside `/webhooks/<name>` that this source answers as well, because its senders have them built in.
   * Where several sources share one, the first whose `verify` passes takes the webhook.
   */
  readonly alsoAt?: readonly string[];
  readonly imitates?: ImitatedApi;
  /** The GitLab projects that its deployments may be written to (projects.ts). Absent: all. */
  readonly projects?: readonly Pattern[] | undefined;
  /** Its senders write the project into the request: one that it may not write to is refused. */
  readonly sendersNameProjects?: true;
  /** Its tools send only when something is wrong: silence says nothing about the connection. */
  readonly isQuietWhenWell?: true;
  /** HTTP methods that are accepted. Default: POST alone. */
  readonly methods?: readonly string[];
  /** The sender never retries after a 4xx, so that a body which is not JSON is kept and answered 2xx. */
  readonly keepsBrokenJson?: true;
  /** Its senders write `"key": $VARIABLE` without quotes: where the variable is empty, the field is absent. */
  readonly fillsEmptyValues?: true;
  /** @throws WebhookRejected `bad_signature`, before anything of the body was parsed. */
  verify(webhook: Webhook): void;
  /**
   * What the headers alone prove, before the body is read: `proved`, or `needs_body` for a signature over it. Without
   * this function every body is read first.
   * @throws WebhookRejected `bad_signature` where no body could change the result.
   */
  verifyHeaders?(head: WebhookHead): 'proved' | 'needs_body';
  /**
   * Whether these secrets would be right. For a refused webhook it is called with those of other sources: somebody may
   * have pasted the wrong one.
   */
  isProvedBy(webhook: Webhook, secrets: readonly string[]): boolean;
  /** The tool's own connection test, which comes without a proof and must be answered 2xx. Nothing of it is read. */
  isUnsignedTest?(head: WebhookHead): boolean;
  /**
   * Maps the tool's terms to ours. Pure: the same webhook gives the same records with the same ids (only `receivedAt`
   * may differ).
   * @throws WebhookRejected `bad_payload` when it claims to be a deployment and lacks what a change needs.
   */
  map(payload: unknown, webhook: Webhook): Mapped;
  /**
   * From which path of the payload each field of the record was made, by the field's name, where the configuration says
   * it: `{ state: 'run.status' }`. Pure.
   */
  fieldPaths?(payload: unknown, webhook: Webhook): Readonly<Record<string, string>>;
  /**
   * The inbox's text for a step that repeats a known state with a later time, where the tool has such repeats (a test
   * button). Undefined: it is reported like any step.
   */
  repeatDetail?(record: ChangeRecord): string | undefined;
  /** How to set the tool up, for the set-up page. Never fails. */
  recipe(address: SetupAddress): Promise<SetupRecipe>;
  /** A webhook that this source accepts: what its tool would send for a deployment at that time, with a valid proof. */
  sample(at: Date): Sample;
  /**
   * Answers a lookup by the tool's API. Only the worker calls it. The same lookup gives records with the same ids as
   * long as nothing new happened there; lookups in the answer are asked a little later. Set when a token is configured.
   * @throws ResolveFailed
   */
  resolve?(lookup: Lookup, call: ApiCall & { readonly webhookAt: Date }): Promise<Mapped>;
  /**
   * The name of an account by the id that the tool passes to its pipelines. Undefined: it is none of the tool's, or
   * cannot be asked for at the moment. Set when a token is configured.
   */
  personName?(accountId: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * All deployments since then that the tool's API knows, page by page: those that were never reported are recorded.
   * Set when a token is configured. `warn` receives what a person should fix: "the webhook of harbor/api is disabled".
   * @throws ResolveFailed
   */
  missed?(since: Date, call: ApiCall & { warn(finding: string): void }): AsyncIterable<readonly NewChangeRecord[]>;
  /**
   * Creates or repairs the webhook in the tool, as often as it is called. Returns what was done, a line each.
   * @throws ResolveFailed
   */
  applyHooks?(order: HookOrder): Promise<readonly string[]>;
  /**
   * What a person should fix in the tool, for `shiplog doctor`: a sentence each. Changes nothing there.
   * @throws ResolveFailed
   */
  findings?(call: ApiCall): Promise<readonly string[]>;
  /**
   * What the body of one of its webhooks shows of how the tool was set up, where an older set-up sends less. Pure.
   * Undefined: nothing, such as for a body that a template of somebody else made.
   */
  readonly setupSeen?: SeeSetup;
  /**
   * When the token for its tool's API expires. Undefined: never, or unknown.
   * @throws ResolveFailed
   */
  tokenExpiresAt?(signal: AbortSignal): Promise<Date | undefined>;
  /**
   * Writes a note to an alert in its tool, as plain text. Set when a token is configured.
   * @throws ResolveFailed
   */
  noteAlert?(alert: AlertReport, text: string, signal: AbortSignal): Promise<void>;
  /** Its `answer` says whether a post repeats what is known. */
  readonly tellsRepeats?: true;
  /** The answer in the format of the sender's tool; undefined = ours (http/webhooks.ts). */
  answer?(outcome: Outcome, webhook: Webhook): Answer | undefined;
}

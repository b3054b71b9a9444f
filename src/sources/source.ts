import type { AlertReport } from '../domain/alert.ts';
import type { Lookup } from '../domain/change-event.ts';
import type { ChangeRecord, NewChangeRecord, Witness } from '../domain/change-record.ts';
import type { RejectionCode } from '../domain/errors.ts';
import type { Pattern } from '../domain/rules/regex.ts';
import type { SeeSetup } from '../domain/setup-seen.ts';
import type { IgnoredReason, Mapped } from './mapped.ts';
import type { Answer, ImitatedApi, Outcome } from './outcome.ts';
import type { Webhook, WebhookHead } from './received-webhook.ts';
import type { SetupAddress, SetupRecipe } from './recipe.ts';

/*
 * The contract between a tool's folder and the rest. What a webhook is: received-webhook.ts; what it is mapped to:
 * mapped.ts; how it is answered: outcome.ts.
 */

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

import { type AlertReport, boundAlerts } from '../domain/alert.ts';
import { boundRecords } from '../domain/bounded-record.ts';
import type { Lookup } from '../domain/change-event.ts';
import { ChangeRecord } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import { type Directory, withNames } from '../domain/directory.ts';
import { DeliveryFailed, WebhookRejected } from '../domain/errors.ts';
import { type Origin, originsOf } from '../domain/origins.ts';
import type { RoutingOptions } from '../domain/rules/routing.ts';
import type { Rule } from '../domain/rules/rule.ts';
import type { DeploymentView } from '../domain/view.ts';
import { wantedBy } from '../domain/wanted.ts';
import { outcomeOf, read, serve } from '../receive.ts';
import { createBuildView } from '../record.ts';
import type { DeliveryContext, PreviewedRequest, Sink } from '../sinks/sink.ts';
import { answerTo, tooLarge, unsigned } from '../sources/answer.ts';
import type { Answer, Outcome } from '../sources/outcome.ts';
import { type Reason, type ReasonText, reasonTextFor } from '../sources/reasons.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import { NO_ROWS } from '../sources/rows.ts';
import type { Source } from '../sources/source.ts';
import { createMask } from '../values/mask.ts';
import { parseJson } from '../values/parse-json.ts';
import { toIso } from '../values/time.ts';

export interface ExplainParts {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
  readonly sinks: readonly Sink[];
  readonly people?: Directory['people'];
  /** Default: none. */
  readonly owners?: Directory['owners'];
}

export interface ExplainOptions extends ExplainParts {
  /** False where the headers are not those of the sender: then there is no signature to check. Default true. */
  readonly checkSignature?: boolean;
}

/** How a webhook would be processed, and why. */
export interface Explanation {
  readonly source: { readonly name: string; readonly type: string };
  /** `ignored` also when the worker ignores a webhook that was acknowledged, because a rule drops it. */
  readonly verdict: 'accepted' | 'ignored' | 'rejected';
  readonly reason?: Reason;
  readonly detail?: string;
  /** What the reason means, when it happens, and what to do. */
  readonly words?: ReasonText;
  readonly signature: 'valid' | 'wrong' | 'not checked';
  /** The HTTP answer that the sender gets. */
  readonly answer: Answer;
  /** The records as they would be stored. */
  readonly records: readonly ChangeRecord[];
  readonly deployments: readonly ExplainedDeployment[];
  /** Alerts, which are stored beside the changes. */
  readonly alerts?: readonly AlertReport[];
  /** What the tool's API would be asked, in the source's own terms. */
  readonly lookups: readonly Lookup[];
  /** What this explanation cannot know: sentences for a person. */
  readonly notes: readonly string[];
}

export interface ExplainedDeployment {
  readonly deployment: Deployment;
  /** For each field, where its value comes from. */
  readonly origins: readonly Origin[];
  /** A line for each rule that matched. */
  readonly rules: readonly string[];
  readonly droppedBy?: string;
  readonly sinks: readonly ExplainedSink[];
}

export interface ExplainedSink {
  readonly name: string;
  readonly type: string;
  readonly wanted: boolean;
  /** Why it is not wanted, or why nothing could be sent. */
  readonly why?: string;
  readonly request?: PreviewedRequest;
}

/** As the bridge keeps it: without secrets that are recognised by their shape. */
const MASK = createMask([]);

/** Processes a webhook as the bridge would, without side effects: no network, no Redis, nothing kept, nothing sent. */
export async function explain(source: Source, webhook: Webhook, options: ExplainOptions): Promise<Explanation> {
  const { checkSignature = true } = options;
  const outcome = await outcomeIn(source, webhook, checkSignature);
  const { records: reported, lookups = [], alerts } = outcome.kind === 'accepted' ? outcome : { records: [] };
  const records = boundRecords(MASK.value(reported.map((record) => ChangeRecord.parse(record))));
  // An entry of a history counts only where it fills a gap (store/changes/serial-history.ts): most were reported
  // before.
  const deployments = await explainDeployments(
    records.filter(({ history }) => !history?.recovered),
    { ...options, sourceName: source.changeLogName, paths: pathsOf(source, webhook, records) },
  );
  const conclusion = conclude(outcome, deployments);
  const reasonText = reasonTextFor(conclusion.reason, source);
  return {
    source: { name: source.name, type: source.type },
    ...conclusion,
    ...(reasonText && { words: reasonText }),
    signature: signatureOf(conclusion.reason, checkSignature),
    answer: answerTo(source, outcome, webhook),
    records,
    deployments,
    ...(alerts && { alerts: boundAlerts(MASK.value(alerts)) }),
    lookups,
    notes: notesOf({ source, records, lookups, checkSignature }),
  };
}

/** When the webhook came in. A signature over a time is judged as of then: an hour later every signature is too old. */
export function receivedAt(
  headers: Webhook['headers'],
  now: Date,
  { signedAtHeader = 'webhook-timestamp' }: Pick<Source, 'signedAtHeader'> = {},
): Date {
  const signedAt = toIso(headers[signedAtHeader]);
  return signedAt === undefined ? now : new Date(signedAt);
}

/** A body that is too large is refused before it is parsed. */
function signatureOf(reason: Reason | undefined, checkSignature: boolean): Explanation['signature'] {
  if (!checkSignature || reason === 'too_large' || reason === 'unproved') return 'not checked';
  return reason === 'bad_signature' ? 'wrong' : 'valid';
}

type Explained = Exclude<Outcome, { kind: 'not_kept' }>;

async function outcomeIn(source: Source, webhook: Webhook, checkSignature: boolean): Promise<Explained> {
  try {
    if (webhook.body.length > source.maxBodyBytes) throw tooLarge(source.maxBodyBytes);
    if (checkSignature && source.isUnsignedTest?.(webhook)) return { kind: 'unproved' };
    if (checkSignature) source.verify(webhook);
    const served = await serve(source, webhook, NO_ROWS);
    if (served.kind === 'answer') return { kind: 'answered', answer: served.answer };
    return outcomeOf(read(source, served.webhook).mapped, served);
  } catch (error) {
    if (error instanceof WebhookRejected) return { kind: 'rejected', error };
    throw error;
  }
}

type Conclusion = Pick<Explanation, 'verdict' | 'reason' | 'detail'>;

/** One record that is not ignored outweighs the rest, as in the inbox. */
function conclude(outcome: Explained, deployments: readonly ExplainedDeployment[]): Conclusion {
  switch (outcome.kind) {
    case 'answered':
      return { verdict: 'accepted', detail: 'A read request: it is answered, and nothing is kept.' };
    case 'rejected':
      return { verdict: 'rejected', reason: outcome.error.code, detail: outcome.error.message };
    case 'unproved':
      return { verdict: 'rejected', reason: 'unproved', detail: unsigned().message };
    case 'ignored':
      return { verdict: 'ignored', reason: outcome.reason, ...(outcome.detail && { detail: outcome.detail }) };
    case 'accepted': {
      const rule = deployments[0]?.droppedBy;
      if (rule === undefined || deployments.some(({ droppedBy }) => droppedBy === undefined))
        return { verdict: 'accepted' };
      return { verdict: 'ignored', reason: 'dropped_by_rule', detail: rule };
    }
  }
}

/** The path of the payload that each field was made of, where the source knows. */
function pathsOf(source: Source, webhook: Webhook, records: readonly ChangeRecord[]): FieldPaths {
  const parsed = records.length > 0 && source.fieldPaths ? parseJson(webhook.body, source) : undefined;
  return (parsed?.ok && source.fieldPaths?.(parsed.value, webhook)) || {};
}

type FieldPaths = Readonly<Record<string, string>>;

/** A field that a signal gave came from that path; a field that a rule set did not. */
const withPaths = (origins: readonly Origin[], signals: readonly string[], paths: FieldPaths): Origin[] =>
  origins.map((origin) => ({
    ...origin,
    from: origin.from.map((from) =>
      signals.includes(from) && Object.hasOwn(paths, origin.field) ? `${from}: ${paths[origin.field]}` : from,
    ),
  }));

interface ExplainOrder extends ExplainParts, Pick<DeliveryContext, 'sourceName'> {
  readonly paths: FieldPaths;
}

function explainDeployments(
  records: readonly ChangeRecord[],
  { rules, routing, sinks, people, owners = [], sourceName, paths }: ExplainOrder,
): Promise<ExplainedDeployment[]> {
  const judge = createBuildView({ rules, routing, before: async () => [] });
  const keys = [...new Set(records.map((record) => record.deployment))];
  return Promise.all(
    keys.map(async (key) => {
      const steps = records.filter((record) => record.deployment === key);
      const { view: seen } = await judge(key, steps);
      const named = { ...seen, deployment: withNames(seen.deployment, { people, owners }) };
      return {
        deployment: seen.deployment,
        origins: withPaths(originsOf(key, steps, { rules, routing }), seen.deployment.signals, paths),
        rules: seen.trace,
        ...(seen.droppedBy && { droppedBy: seen.droppedBy }),
        sinks: sinks.map((sink) => ({ name: sink.name, type: sink.type, ...explainSink(sink, named, sourceName) })),
      };
    }),
  );
}

function explainSink(
  sink: Sink,
  view: DeploymentView,
  sourceName: string | undefined,
): Pick<ExplainedSink, 'wanted' | 'why' | 'request'> {
  const decision = wantedBy(sink, view);
  if (!decision.wanted) return decision;
  try {
    return { wanted: true, request: sink.preview(view.deployment, { sourceName }) };
  } catch (error) {
    if (error instanceof DeliveryFailed) return { wanted: true, why: `nothing could be sent: ${error.message}` };
    throw error;
  }
}

interface ExplainInput {
  readonly source: Source;
  readonly records: readonly ChangeRecord[];
  readonly lookups: readonly Lookup[];
  readonly checkSignature: boolean;
}

function notesOf({ source, records, lookups, checkSignature }: ExplainInput): string[] {
  return [
    !checkSignature && 'Signature not checked: give the headers of the webhook (--headers) to check it.',
    lookups.length > 0 &&
      (source.resolve
        ? "The tool's API is asked by the worker; what it answers is not in here."
        : "The tool's API would be asked, but the source has no token."),
    records.some(({ madeByApi }) => madeByApi) &&
      'It was made through the Deployments API. If Shiplog made it, the worker ignores it as an echo; only the ' +
        'worker knows.',
    records.some(({ history }) => history?.recovered) &&
      "Some records are read from the tool's history: the worker takes only those that were never reported.",
    records.length > 0 &&
      'Only the worker knows what came before: whether this step is a duplicate, what it replaces, whether it is a ' +
        'roll-back, and which signals of other tools are the same deployment. Here it is treated as the first one ' +
        'reported.',
  ].filter((note) => note !== false);
}

import { boundRecord } from './domain/bounded-record.ts';
import type { ChangeEvent } from './domain/change-event.ts';
import type { ChangeRecord } from './domain/change-record.ts';
import { fold } from './domain/fold.ts';
import { type RoutingOptions, type Rule, route } from './domain/routing.ts';
import { withStaleness } from './domain/stale.ts';
import { lineageOf, PREDECESSORS, succeed } from './domain/succession.ts';
import type { DeploymentView } from './domain/view.ts';
import type { BuildView, ChangeLog } from './recording/change-log.ts';
import { type Conclusion, conclusionOf, dropped, echo, kept, notAssigned } from './recording/conclusion.ts';
import type { Joins } from './recording/joins.ts';
import { createKeyedMutex } from './recording/keyed-mutex.ts';
import { namedFollowers } from './recording/named-followers.ts';
import type { Repeats } from './recording/repeats.ts';
import type { Resolve } from './recording/resolve.ts';
import { separate } from './recording/separate.ts';
import { supersede } from './recording/supersede.ts';
import type { Sink } from './sinks/sink.ts';
import type { Deployments } from './store/changes/deployments.ts';
import type { SerialHistory } from './store/changes/serial-history.ts';
import type { Echoes } from './store/deliveries/echoes.ts';
import type { Inbox } from './store/inbox/inbox.ts';

export interface RecordParts {
  readonly resolve: Resolve;
  readonly sinks: readonly Sink[];
  readonly changeLog: Pick<ChangeLog, 'apply' | 'get' | 'take' | 'refresh'>;
  readonly echoes: Echoes;
  readonly history: SerialHistory;
  readonly joins: Joins;
  readonly repeats: Repeats;
  readonly inbox: Pick<Inbox, 'conclude'>;
  /** Takes the secrets out of a record: what a tool's API answers has come through no webhook. */
  readonly hide: (record: ChangeRecord) => ChangeRecord;
  /** Counts the rules that matched, so that one that never does is seen. */
  readonly noteRules: (view: DeploymentView) => Promise<void>;
  /** What the inbound log says of a step that only repeats what was told, where a tool has a habit of it. */
  readonly repeatDetail: (record: ChangeRecord) => string | undefined;
  /** Puts a deployment into a sink's queue, to be told now or a little later. The same moment twice is once. */
  readonly forward: (sink: Sink, view: DeploymentView, options: { readonly afterMs: number }) => Promise<void>;
  /** The same for the sinks that only other replicas have. */
  readonly forwardElsewhere: (view: DeploymentView, options: { readonly afterMs: number }) => Promise<void>;
}

/** What became of one step, and the deployments that it changed, as they stand now. */
interface Recorded {
  readonly conclusion: Conclusion;
  readonly views: readonly DeploymentView[];
  /** Destinations are told so much later: another signal is likely to report the same. */
  readonly afterMs?: number;
}

/**
 * Story 2: an event is completed, becomes part of one deployment in the change log, and the sinks that want it are
 * told. May run twice.
 */
export function createRecord(parts: RecordParts) {
  const { resolve, sinks, changeLog, echoes, history, joins, repeats, inbox } = parts;
  const { forward, forwardElsewhere, hide, noteRules, repeatDetail } = parts;
  const inTurn = createKeyedMutex(); // whether the same words report another deployment depends on what ran in between

  /**
   * @throws ResolveFailed when all that is known is recorded, and the tool's API should be asked for the rest later.
   */
  async function record({ webhookId, records, ...event }: ChangeEvent): Promise<void> {
    const isEcho = records.length > 0 && (await Promise.all(records.map(isOurs))).every(Boolean);
    const asked = await resolve({ ...event, records, ...(isEcho && { lookups: [] }) });
    const steps = await addAll([...asked.told, ...asked.records]);
    const conclusions = steps.map(({ conclusion }) => conclusion);
    await Promise.all([
      ...steps.map(forwardToSinks),
      inbox.conclude(webhookId, conclusionOf(conclusions, asked, event.otherwise)),
    ]);
    if (asked.unanswered && asked.unanswered.retry !== 'never') throw asked.unanswered;
  }

  async function recordStep(step: ChangeRecord): Promise<Conclusion> {
    const recorded = await addAll([step]);
    await Promise.all(recorded.map(forwardToSinks));
    return conclusionOf(
      recorded.map(({ conclusion }) => conclusion),
      { records: [] },
    );
  }

  /** Into the change log, with what follows for the deployments before: they are overtaken, or their end was lost. */
  async function addAll(given: readonly ChangeRecord[]): Promise<Recorded[]> {
    // Hidden first: a cut through a secret would leave half of it.
    const { results, concluded } = await history.assign(given.map((step) => boundRecord(hide(step))));
    const steps: Recorded[] = [];
    for (const result of results) {
      if (result.kind === 'placed') steps.push(await add(result.record));
      else steps.push({ conclusion: notAssigned(result.kind), views: [] });
    }
    for (const step of concluded) steps.push(await add(step));
    return steps;
  }

  /** As part of the deployment that other tools may have reported; and what it ends there. */
  async function add(step: ChangeRecord): Promise<Recorded> {
    return step.repeatable ? inTurn(placeOf(step), () => addNow(step)) : addNow(step);
  }

  async function addNow(step: ChangeRecord): Promise<Recorded> {
    if (step.madeByApi && (await isOurs(step))) return { conclusion: echo(step.madeByApi), views: [] };
    const join = await joins.assign(await repeats.assign(step));
    const view = await changeLog.apply(join.record);
    const moved = await join.settle();
    const separated = await separate(parts, view);
    const ended = await supersede(changeLog, view);
    const named = await namedFollowers(changeLog, view);
    const conclusion = view.droppedBy ? dropped(view.droppedBy) : kept(view, join.record, repeatDetail(step));
    return { views: [view, ...moved, ...separated, ...ended, ...named], conclusion, afterMs: join.tellAfterMs };
  }

  /**
   * A duplicate is told too: the first run may have been killed before it came this far. The ledger delivers to no sink
   * twice.
   */
  async function forwardToSinks({ views, afterMs = 0 }: Recorded): Promise<void> {
    const options = { afterMs };
    const wanting = views.flatMap((view) => sinks.filter((sink) => wants(sink, view)).map((sink) => ({ sink, view })));
    const elsewhere = views.filter(({ droppedBy }) => !droppedBy).map((view) => forwardElsewhere(view, options));
    const here = wanting.map(({ sink, view }) => forward(sink, view, options));
    await Promise.all([...views.map(noteRules), ...elsewhere, ...here]);
  }

  const isOurs = async ({ madeByApi }: ChangeRecord) => madeByApi !== undefined && (await echoes.isOurs(madeByApi));
  return { record, recordStep };
}

/** The same words tell of the same place. */
const placeOf = ({ instance, repository, service, environment }: ChangeRecord): string =>
  [instance, repository?.name ?? service, environment.name].join('\n');

const wants = (sink: Sink, { droppedBy, sinks, deployment }: DeploymentView): boolean =>
  !droppedBy && (!sinks || sinks.includes(sink.name)) && sink.wants(deployment).wanted;

export interface BuildViewParts extends Pick<Deployments, 'before'> {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
}

/** What all records of a deployment add up to, what it replaced, and what the rules make of it. */
export function createBuildView({ rules, routing, before: read }: BuildViewParts): BuildView {
  return async function judge(key, records) {
    const folded = fold(key, records);
    const named = route(folded, rules, routing); // the lineage goes by the final names; a rule may ask for a roll-back
    const lineage = lineageOf(named.deployment);
    const before = { at: folded.startedAt ?? folded.occurredAt, limit: PREDECESSORS };
    const earlier = await read(lineage, before);
    const succession = withStaleness(succeed(folded, earlier), earlier);
    const heardAt = records.find(({ id }) => id === folded.decidedBy)?.receivedAt ?? folded.receivedAt;
    return { view: { lineage, heardAt, ...route(succession, rules, routing) }, before, earlier };
  };
}

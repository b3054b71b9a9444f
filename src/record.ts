import { boundRecord } from './domain/bounded-record.ts';
import type { ChangeEvent } from './domain/change-event.ts';
import type { ChangeRecord } from './domain/change-record.ts';
import type { View } from './domain/view.ts';
import { type Conclusion, conclusionOf, dropped, echo, kept, toldBefore } from './recording/conclusion.ts';
import type { Resolve } from './recording/resolve.ts';
import type { Sink } from './sinks/sink.ts';
import type { Deployments } from './store/changes/deployments.ts';
import type { Gaps } from './store/changes/gaps.ts';
import type { Echoes } from './store/deliveries/echoes.ts';
import type { Inbox } from './store/inbox/inbox.ts';

export interface RecordParts {
  readonly resolve: Resolve;
  readonly sinks: readonly Sink[];
  readonly deployments: Deployments;
  readonly echoes: Echoes;
  readonly gaps: Gaps;
  readonly inbox: Pick<Inbox, 'conclude'>;
  /** Counts the rules that matched, so that one that never does is seen. */
  readonly noteRules: (view: View) => Promise<void>;
  /** Puts a deployment into a sink's queue. The same moment twice is once. */
  readonly forward: (sink: Sink, view: View) => Promise<void>;
}

/** What became of one step, and its deployment as it stands now. */
interface Step {
  readonly conclusion: Conclusion;
  readonly view?: View;
}

/** Story 2: an event is completed, becomes part of one deployment in the change log, and the sinks that want it are told. May run twice. */
export function createRecord(parts: RecordParts) {
  const { resolve, sinks, deployments, echoes, gaps, inbox, forward, noteRules } = parts;

  /** @throws ResolveFailed when all that is known is recorded, and the tool's API should be asked for the rest later. */
  async function record({ webhookId, records, ...event }: ChangeEvent): Promise<void> {
    const isEcho = records.length > 0 && (await Promise.all(records.map(isOurs))).every(Boolean);
    const asked = await resolve(isEcho ? { ...event, lookups: [] } : event);
    const steps: Step[] = [];
    for (const told of [...records, ...asked.records]) steps.push(await add(boundRecord(told)));
    const conclusions = steps.map(({ conclusion }) => conclusion);
    await Promise.all([...steps.map(tell), inbox.conclude(webhookId, conclusionOf(conclusions, asked))]);
    if (asked.unanswered && asked.unanswered.retry !== 'never') throw asked.unanswered;
  }

  async function recordStep(told: ChangeRecord): Promise<Conclusion> {
    const step = await add(boundRecord(told));
    await tell(step);
    return step.conclusion;
  }

  /** Into the change log. */
  async function add(told: ChangeRecord): Promise<Step> {
    if (told.madeByApi && (await isOurs(told))) return { conclusion: echo(told.madeByApi) };
    const step = await gaps.place(told);
    if (!step) return { conclusion: toldBefore };
    const view = await deployments.apply(step);
    return { view, conclusion: view.droppedBy ? dropped(view.droppedBy) : kept(view) };
  }

  /** A duplicate is told too: the first run may have been killed before it came this far. The ledger tells nobody twice. */
  async function tell({ view }: Step): Promise<void> {
    if (!view) return;
    const wanting = sinks.filter((sink) => wants(sink, view));
    await Promise.all([noteRules(view), ...wanting.map((sink) => forward(sink, view))]);
  }

  const isOurs = async ({ madeByApi }: ChangeRecord) => madeByApi !== undefined && (await echoes.isOurs(madeByApi));
  return { record, recordStep };
}

const wants = (sink: Sink, { droppedBy, sinks, deployment }: View): boolean =>
  !droppedBy && (!sinks || sinks.includes(sink.name)) && sink.wants(deployment).wanted;

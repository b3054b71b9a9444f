import type { ChangeEvent } from './change-event.ts';
import { type Conclusion, conclusionOf, dropped, echo, kept, toldBefore } from './conclusion.ts';
import type { ChangeRecord } from './domain/change-record.ts';
import type { View } from './domain/view.ts';
import type { Resolve } from './resolve.ts';
import type { Sink } from './sinks/sink.ts';
import type { Deployments } from './store/deployments.ts';
import type { Echoes } from './store/echoes.ts';
import type { Gaps } from './store/gaps.ts';
import type { Inbox } from './store/inbox.ts';

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

/** Story 2: an event is completed, becomes part of one deployment in the change log, and the sinks that want it are told. May run twice. */
export function createRecord(parts: RecordParts) {
  const { resolve, sinks, deployments, echoes, gaps, inbox, forward, noteRules } = parts;

  /** @throws ResolveFailed when all that is known is recorded, and the tool's API should be asked for the rest later. */
  async function record({ webhookId, records, ...event }: ChangeEvent): Promise<void> {
    const conclusions: Conclusion[] = [];
    const isEcho = records.length > 0 && (await Promise.all(records.map(isOurs))).every(Boolean);
    const asked = await resolve(isEcho ? { ...event, lookups: [] } : event);
    for (const step of [...records, ...asked.records]) conclusions.push(await recordStep(step));
    await inbox.conclude(webhookId, conclusionOf(conclusions, asked));
    if (asked.unanswered && asked.unanswered.retry !== 'never') throw asked.unanswered;
  }

  async function recordStep(told: ChangeRecord): Promise<Conclusion> {
    if (told.madeByApi && (await isOurs(told))) return echo(told.madeByApi);
    const step = await gaps.place(told);
    if (!step) return toldBefore;
    const applied = await deployments.apply(step);
    await noteRules(applied);
    if (applied.droppedBy) return dropped(applied.droppedBy);
    // A duplicate is forwarded too: the first run may have been killed before it came this far. The ledger tells nobody twice.
    for (const sink of sinks) {
      if (applied.sinks && !applied.sinks.includes(sink.name)) continue;
      if (sink.wants(applied.deployment).wanted) await forward(sink, applied);
    }
    return kept(applied);
  }

  const isOurs = async ({ madeByApi }: ChangeRecord) => madeByApi !== undefined && (await echoes.isOurs(madeByApi));
  return { record, recordStep };
}

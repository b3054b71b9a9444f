import { type NewChangeRecord, recordId } from '../../domain/change-record.ts';
import { healthNow, outcomeOf } from './health.ts';
import { type Earlier, earlierThan, historyOf, identity, isSelfHeal } from './history.ts';
import { type RecordInput, recordsOf, toRecord } from './record.ts';
import type { Notification } from './schema.ts';
import { healthyWhen, type SignalContext } from './settings.ts';

const OVERTAKEN = "Argo CD's history does not tell that the application was healthy before the next operation began.";
const LOST = "Its notification was lost; read from Argo CD's history.";

/**
 * A record for each earlier deployment of the history, oldest first. Those that were reported, or are older than the
 * first notification of the application, are dropped where that is known (store/changes/serial-history.ts). Applied is
 * not healthy: only the health of the time before the next operation is an end. The history does not show which syncs
 * had nothing to change: where those are left out, nothing is read from it.
 */
export function earlierBy(notification: Notification, context: SignalContext, oldestMs: number): NewChangeRecord[] {
  const { app } = notification;
  if (context.settings.noop === 'skip' || (!app.name && !app.uid)) return [];
  return earlierThan(notification).flatMap((earlier) => recordsOfEarlier(earlier, { notification, context, oldestMs }));
}

interface HistoryInput {
  readonly notification: Notification;
  readonly context: SignalContext;
  readonly oldestMs: number;
}

function recordsOfEarlier(earlier: Earlier, { notification, context, oldestMs }: HistoryInput): NewChangeRecord[] {
  const { id, startedAt, deployedAt, after, until, overtakenAt, isRollback } = earlier;
  const { settings, receivedAt } = context;
  const of = identity(notification);
  // Argo CD does not self-heal after a sync that failed; what a dry run hides may be another one's failure.
  const isLast = !overtakenAt && isSelfHeal(notification);
  const span = { startedAt: startedAt ?? deployedAt, appliedAt: deployedAt, ...(until && { until }), isLast };
  const outcome = outcomeOf(healthNow(notification), span, healthyWhen(notification, settings));
  if (outcome.state === 'failed' && settings.degraded === 'ignore') return [];
  const { newest, endedAt } = historyOf(notification, of);
  const { revision } = historyOf(earlier.notification, of);
  const isLate = Date.parse(deployedAt) < oldestMs;
  const step: RecordInput = {
    notification: earlier.notification,
    event: outcome.state === 'failed' ? 'degraded' : 'succeeded',
    ...outcome,
    key: `argocd:${of}:${startedAt ?? `history:${id}`}`,
    ...(startedAt && { startedAt }),
    receivedAt: receivedAt.toISOString(),
    settings,
    signal: 'argocd history',
    history: {
      of,
      id,
      ...(newest !== undefined && { newest }),
      ...(after && { after }),
      ...(revision && { revision }),
      ...(endedAt && { endedAt }),
      appliedAt: deployedAt,
      recovered: true,
      ...(isLate && { late: true as const }),
    },
    isRollback,
    ...(overtakenAt && outcome.state !== 'running' && { notes: [LOST] }),
  };
  return outcome.state === 'running' && overtakenAt ? [overtaken(step, overtakenAt)] : recordsOf(step);
}

/** An end that was never reported: it is inferred from what came after it. Any end that a tool reports outweighs it. */
function overtaken(step: RecordInput, at: string): NewChangeRecord {
  const record = toRecord({ ...step, state: 'canceled', notes: [OVERTAKEN] });
  const id = recordId(step.key, 'canceled', 'history', at);
  return { ...record, id, authoritative: false, endReason: 'superseded', occurredAt: at, finishedAt: at };
}

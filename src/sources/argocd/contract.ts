import type { NewChangeRecord, State } from '../../domain/change-record.ts';
import { asObject } from '../../values/json.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { earlierBy } from './earlier.ts';
import { type HealthyWhen, healthNow, isHealthWord, type Outcome, outcomeOf } from './health.ts';
import { historyOf, identity, isAside, isSelfHeal } from './history.ts';
import { type Event, isNoOp, type RecordInput, recordsOf, TEMPLATE } from './record.ts';
import { isRollback } from './revision.ts';
import { Notification } from './schema.ts';
import { healthyWhen, type Settings, type SignalContext } from './settings.ts';
import { quotedWord } from './text.ts';

type Ignored = Extract<Mapped, { kind: 'ignored' }>;

const isEvent = (word: string | undefined): word is Event =>
  word === 'running' || word === 'succeeded' || word === 'failed' || word === 'degraded';

export const isNotification = (value: unknown): boolean => {
  const schema = asObject(value)?.['schema'];
  return typeof schema === 'string' && schema.startsWith('shiplog/argocd/');
};

/** The body of the template, or the field that holds it in what a workflow passes on: its schema names it. */
export const notificationIn = (payload: object): object | undefined =>
  [payload, ...Object.values(payload)].find(isNotification);

/** Shape A: what the template in configmap.yaml sends. */
export function mapNotification(payload: unknown, { receivedAt }: Webhook, settings: Settings): Mapped {
  return mapSync(Notification.parse(payload), { signal: TEMPLATE, receivedAt, settings });
}

/**
 * One step of one sync, in the format of the template, and what it shows of earlier syncs: their notifications may have
 * been lost, and a self-heal or a dry run hides how the last of them ended.
 */
export function mapSync(notification: Notification, context: SignalContext): Mapped {
  const own = mapStep(notification, context);
  const oldestMs = sentAtMs(notification, context) - context.settings.maxAgeMs;
  if (own.kind === 'ignored') {
    const hints = saysMore(notification) ? earlierBy(notification, context, oldestMs) : [];
    return hints.length > 0 ? { ...own, hints } : own;
  }
  const records = [...own.records, ...earlierBy(notification, context, oldestMs)];
  const [first] = own.records;
  return first?.history?.late ? { ...ignored('too_old', tooOld(first)), hints: records } : { ...own, records };
}

const tooOld = ({ finishedAt, occurredAt }: NewChangeRecord): string =>
  'The sync ended at ' +
  `${finishedAt ?? occurredAt}, longer ago than max_age_hours: it counts only if its beginning was recorded here.`;

/** After an operation that deploys nothing, only a settled health says something about the deployment before. */
function saysMore(notification: Notification): boolean {
  const { health, app } = notification;
  const isSettled = health.status === 'Healthy' || health.status === 'Degraded' || app.deleted_at !== undefined;
  return isAside(notification) && isSettled;
}

/** The step that the notification is about, and nothing of its history. */
export function mapStep(notification: Notification, context: SignalContext): Mapped {
  const step = stepOf(notification, context);
  if ('reason' in step) return step;
  const skip = skipped(step);
  if (skip) return skip;
  return { kind: 'records', records: recordsOf(step) };
}

function stepOf(notification: Notification, context: SignalContext): RecordInput | Ignored {
  const { app, operation, health } = notification;
  const { signal, receivedAt, settings } = context;
  const event = eventOf(notification);
  if (!operation.started_at) return notStarted(notification);
  if (!isEvent(event)) {
    return ignored('unknown_status', `The event is ${quotedWord(event)} and the phase ${quotedWord(operation.phase)}.`);
  }
  if (operation.dry_run) return ignored('dry_run', 'A dry run deploys nothing.');
  const startedAt = toIso(operation.started_at);
  if (!startedAt) return ignored('unmapped', 'operation.started_at is not a time, and it names the deployment.');
  if (!app.name && !app.uid) return ignored('unmapped', 'app.name and app.uid are missing: nothing names the app.');
  const finishedAt = toIso(operation.finished_at);
  const appliedAt = finishedAt ?? toIso(notification.sent_at) ?? receivedAt.toISOString();
  const outcome = ownOutcome({
    notification,
    event,
    counts: healthyWhen(notification, settings),
    startedAt,
    appliedAt,
  });
  if (!outcome) return ignored('unknown_status', `The sync succeeded and the health is ${quotedWord(health.status)}.`);
  const of = identity(notification);
  const toldAt = toIso(notification.sent_at);
  const isLate = isTooLate({ notification, context, event, endedAt: finishedAt ?? startedAt });
  return {
    notification,
    event: outcome.state === 'failed' && event === 'succeeded' ? 'degraded' : event,
    ...outcome,
    key: `argocd:${of}:${startedAt}`,
    startedAt,
    receivedAt: receivedAt.toISOString(),
    settings,
    signal,
    history: {
      ...historyOf(notification, of),
      ...(toldAt && { toldAt }),
      ...(isLate && { late: true as const }),
    },
    isRollback: isRollback(notification),
  };
}

/** A notification about a deletion contains the last sync, which it is not about; old templates do not say so. */
function eventOf({ event, operation, health }: Notification): string | undefined {
  if (event !== 'deleting') return event;
  const { phase } = operation;
  if (phase === 'Running' || phase === 'Terminating') return 'running';
  if (phase === 'Failed' || phase === 'Error') return 'failed';
  if (phase === 'Succeeded') return health.status === 'Degraded' ? 'degraded' : 'succeeded';
  return event;
}

const NO_OPERATION =
  'The application names no operation: it has never been synced, or the template leaves out status.operationState.';

const notStarted = ({ event, app }: Notification): Ignored =>
  event === 'deleting' || app.deleted_at
    ? ignored('app_deleted', 'The application is being deleted.')
    : ignored('not_started', NO_OPERATION);

interface SyncEvent {
  readonly notification: Notification;
  readonly event: Event;
  readonly counts: HealthyWhen;
  readonly startedAt: string;
  readonly appliedAt: string;
}

function ownOutcome({ notification, event, counts, startedAt, appliedAt }: SyncEvent): StepOutcome | undefined {
  const { operation, health } = notification;
  if (event === 'running') return { state: 'running' };
  // Argo CD: "Operation terminated" is what a person's TERMINATE and the sync timeout leave (gitops-engine
  // sync_context.go).
  if (event === 'failed')
    return { state: operation.message?.startsWith('Operation terminated') ? 'canceled' : 'failed' };
  if (health.status !== undefined && !isHealthWord(health.status)) return undefined;
  return outcomeOf(healthNow(notification), { startedAt, appliedAt, isLast: true }, counts);
}

type StepOutcome = Omit<Outcome, 'state'> & { readonly state: State };

/** How long ago it ended, and not when it began: a sync window holds an operation for days. */
function isTooLate(about: {
  notification: Notification;
  context: SignalContext;
  event: Event;
  endedAt: string;
}): boolean {
  const { notification, context, event, endedAt } = about;
  if (event === 'running') return false;
  const { maxAgeMs, degradedWithinMs } = context.settings;
  const limitMs = event === 'degraded' ? Math.min(maxAgeMs, degradedWithinMs) : maxAgeMs;
  return sentAtMs(notification, context) - Date.parse(endedAt) > limitMs;
}

/** Steps that are recognised and that the settings leave out. */
function skipped(step: RecordInput): Ignored | undefined {
  const { notification, event, settings } = step;
  if (isSelfHeal(notification) && settings.selfHeal === 'skip') {
    return ignored('self_heal', 'Argo CD put drifted resources back; nothing new was deployed (setting self_heal).');
  }
  if (event === 'degraded' && step.state === 'failed' && settings.degraded === 'ignore') {
    return ignored('not_a_deployment', 'The application is degraded (setting degraded: ignore).');
  }
  if (isNoOp(step) && settings.noop === 'skip') {
    return ignored('no_op', 'The sync had nothing to change (setting noop: skip).');
  }
  return undefined;
}

/**
 * A notification that was delayed on its way is not about the past for that reason. One from the future comes from a
 * wrong clock.
 */
function sentAtMs({ sent_at }: Notification, { receivedAt }: SignalContext): number {
  const received = receivedAt.getTime();
  return Math.min(Date.parse(toIso(sent_at) ?? receivedAt.toISOString()), received);
}

export function ignored(reason: IgnoredReason, detail: string): Ignored {
  return { kind: 'ignored', reason, detail };
}

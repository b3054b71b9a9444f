import type { NewChangeRecord, State } from '../../domain/change-record.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason, Mapped, Webhook } from '../source.ts';
import { earlierThan, historyOf } from './history.ts';
import { type Event, isNoOp, isSelfHeal, STATE_BY_HEALTH, type Step, TEMPLATE, toRecord } from './record.ts';
import { isRollback } from './revision.ts';
import { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { webUrl, word } from './text.ts';

type Ignored = Extract<Mapped, { kind: 'ignored' }>;

/** Who told it, and when it reached us. */
interface Told {
  readonly signal: string;
  readonly receivedAt: Date;
  readonly settings: Settings;
}

const isEvent = (word: string | undefined): word is Event =>
  word === 'running' || word === 'succeeded' || word === 'failed' || word === 'degraded';

export const isNotification = (payload: object): boolean =>
  'schema' in payload && typeof payload.schema === 'string' && payload.schema.startsWith('shiplog/argocd/');

/** Shape A: what the template in configmap.yaml sends. */
export function mapNotification(payload: unknown, { receivedAt }: Webhook, settings: Settings): Mapped {
  return mapSync(Notification.parse(payload), { signal: TEMPLATE, receivedAt, settings });
}

/** One step of one sync, whoever put it into the words of the template, and the syncs before it that may have been lost. */
export function mapSync(notification: Notification, told: Told): Mapped {
  const own = mapStep(notification, told);
  if (own.kind === 'ignored') return own;
  const oldestMs = sentAtMs(notification, told) - told.settings.maxAgeMs;
  return { kind: 'records', records: [...own.records, ...recoveredBy(notification, told, oldestMs)] };
}

/** The step that the notification is about, and nothing of its history. */
export function mapStep(notification: Notification, told: Told): Mapped {
  const step = stepOf(notification, told);
  if ('reason' in step) return step;
  return skipped(step, told) ?? { kind: 'records', records: [toRecord(step)] };
}

function stepOf(notification: Notification, { signal, receivedAt, settings }: Told): Step | Ignored {
  const { event, app, operation, health } = notification;
  if (event === 'deleting') return ignored('app_deleted', 'The application is being deleted.');
  if (!operation.started_at) return ignored('not_started', 'The application has never been synced.');
  if (!isEvent(event)) {
    return ignored('unknown_status', `The event is ${word(event)} and the phase ${word(operation.phase)}.`);
  }
  if (operation.dry_run) return ignored('dry_run', 'A dry run deploys nothing.');
  const startedAt = toIso(operation.started_at);
  if (!startedAt) return ignored('unmapped', 'operation.started_at is not a time, and it names the deployment.');
  if (!app.name && !app.uid) return ignored('unmapped', 'app.name and app.uid are missing: nothing names the app.');
  const state = stateOf(notification, event);
  if (!state) return ignored('unknown_status', `The sync succeeded and the health is ${word(health.status)}.`);
  const of = identity(notification);
  return {
    notification,
    event: event === 'succeeded' && state === 'failed' ? 'degraded' : event,
    state,
    key: `argocd:${of}:${startedAt}`,
    startedAt,
    receivedAt: receivedAt.toISOString(),
    settings,
    signal,
    history: historyOf(notification, of),
    isRollback: isRollback(notification),
  };
}

/** The uid is unique over all clusters; a name is so within one Argo CD. */
function identity({ app, argocd_url }: Notification): string {
  if (app.uid) return app.uid;
  const name = `${app.namespace ?? ''}/${app.name ?? ''}`;
  const host = webUrl(argocd_url)?.host;
  return host ? `${host}/${name}` : name;
}

function stateOf({ operation, health }: Notification, event: Event): State | undefined {
  if (event === 'running') return 'running';
  if (event === 'degraded') return 'failed';
  // Argo CD: "Operation terminated" is what a person's TERMINATE and the sync timeout leave (gitops-engine sync_context.go).
  if (event === 'failed') return operation.message?.startsWith('Operation terminated') ? 'canceled' : 'failed';
  if (!health.status) return 'succeeded';
  return Object.hasOwn(STATE_BY_HEALTH, health.status) ? STATE_BY_HEALTH[health.status] : undefined;
}

/** Steps that are understood and that the settings leave out. */
function skipped(step: Step, told: Told): Ignored | undefined {
  const { notification, event, settings } = step;
  if (isSelfHeal(notification) && settings.selfHeal === 'skip') {
    return ignored('self_heal', 'Argo CD put drifted resources back; nothing new was deployed (setting self_heal).');
  }
  const startedAt = step.startedAt ?? step.receivedAt;
  const ageMs = sentAtMs(notification, told) - Date.parse(startedAt);
  if (event !== 'running' && ageMs > settings.maxAgeMs) {
    return ignored('too_old', `The sync started at ${startedAt}, longer ago than max_age_hours.`);
  }
  if (event === 'degraded' && settings.degraded === 'ignore') {
    return ignored('not_a_deployment', 'The application is degraded (setting degraded: ignore).');
  }
  if (isNoOp(step) && settings.noop === 'skip') {
    return ignored('no_op', 'The sync had nothing to change (setting noop: skip).');
  }
  return undefined;
}

const LOST = "Its notification was lost; read from Argo CD's history.";
const HYDRATED = 'The commit is the one that the source hydrator wrote.';

/**
 * A record for each earlier deployment of the history, oldest first. Those that were told, or are older than the first
 * notification of the application, are sorted out where that is known (store/changes/gaps.ts).
 * The history does not tell which syncs had nothing to change: where those are left out, nothing is read from it.
 */
export function recoveredBy(notification: Notification, told: Told, oldestMs: number): NewChangeRecord[] {
  const { settings, receivedAt } = told;
  const { app } = notification;
  if (settings.noop === 'skip' || (!app.name && !app.uid)) return [];
  const of = identity(notification);
  const { newest } = historyOf(notification, of);
  return earlierThan(notification, oldestMs).map(({ id, startedAt, after, isRollback, notification: earlier }) =>
    toRecord({
      notification: earlier,
      event: 'succeeded',
      state: 'succeeded',
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
        recovered: true,
      },
      isRollback,
      notes: notification.dry_sha ? [LOST, HYDRATED] : [LOST],
    }),
  );
}

/** A notification that was held up on its way is not about the past because of that. One from the future has a wrong clock. */
function sentAtMs({ sent_at }: Notification, { receivedAt }: Told): number {
  const received = receivedAt.getTime();
  return Math.min(Date.parse(toIso(sent_at) ?? receivedAt.toISOString()), received);
}

export function ignored(reason: IgnoredReason, detail: string): Ignored {
  return { kind: 'ignored', reason, detail };
}

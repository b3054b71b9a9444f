import type { History } from '../../domain/change-record.ts';
import { toIso } from '../../values/time.ts';
import { isRollbackTo, keyOf } from './revision.ts';
import type { HistoryEntry, Notification } from './schema.ts';
import { webUrl } from './text.ts';

/** An earlier deployment of the history. Only the store knows whether its notification was lost. */
export interface Earlier {
  readonly id: number;
  /** The content of its notification, as far as the history has it. */
  readonly notification: Notification;
  readonly deployedAt: string;
  /** Since Argo CD 2.11 the history has the start of the operation, which is the deployment's own key. */
  readonly startedAt?: string;
  /** When the previous entry was deployed. */
  readonly after?: string;
  /** Until when the application's health was this one's, where that is over. */
  readonly until?: string;
  /** When the next operation that deploys began, or had been applied at the latest. */
  readonly overtakenAt?: string;
  readonly isRollback: boolean;
}

/** Argo CD keeps 10 unless `revisionHistoryLimit` says otherwise; the store remembers as many. */
const ENTRIES_READ = 50;

/** By their numbers: Argo CD appends, templates of others may not. */
function numbered({ history }: Notification): readonly (HistoryEntry & { id: number })[] {
  const entries = history.flatMap((entry) => (entry.id === undefined ? [] : [{ ...entry, id: entry.id }]));
  return entries.toSorted((a, b) => a.id - b.id).slice(-ENTRIES_READ);
}

/**
 * Argo CD self-heals, or runs dry: the previous deployment stays in place. Automated syncs name resources for that
 * alone, in every version; autoHealAttemptsCount is carried into syncs of new commits (2.13, 2.14).
 */
export const isSelfHeal = ({ operation }: Notification): boolean => operation.automated && operation.partial;
export const isAside = (notification: Notification): boolean =>
  isSelfHeal(notification) || notification.operation.dry_run;

/** The uid is unique over all clusters; a name is so within one Argo CD. */
export function identity({ app, argocd_url }: Notification): string {
  if (app.uid) return app.uid;
  const name = `${app.namespace ?? ''}/${app.name ?? ''}`;
  const host = webUrl(argocd_url)?.host;
  return host ? `${host}/${name}` : name;
}

/** What the store needs to find gaps. `id` only where the newest entry is this very sync. */
export function historyOf(notification: Notification, identity: string): History {
  const newest = numbered(notification).at(-1);
  const { operation, app } = notification;
  const own = operation.phase === 'Succeeded' && newest && isOfThisSync(newest, notification);
  const deleted = toIso(app.deleted_at);
  return {
    of: identity,
    ...(own && { id: newest.id }),
    ...(newest && { newest: newest.id }),
    ...(isResolved(notification) && { revision: keyOf(notification).slice(0, REVISION_LIMIT) }),
    ...(isAttempt(operation.retry_count) && { attempt: operation.retry_count }),
    ...(isAside(notification) && { aside: true }),
    ...(deleted && { endedAt: deleted }),
  };
}

const isAttempt = (count: number) => Number.isSafeInteger(count) && count > 0;

const REVISION_LIMIT = 500; // characters

/** A sha, a digest or the whole version of a chart; a request may name a branch or a range that is looked up first. */
function isResolved({ revision, revisions, sources }: Notification): boolean {
  const all = revisions.some(Boolean) ? revisions : [revision];
  return all.every((one, at) => {
    const isChart = sources[at]?.chart !== undefined;
    return one !== undefined && (isChart ? /^v?\d+\.\d+\.\d+/ : /^(?:[0-9a-f]{40,64}|sha\d+:[0-9a-f]+)$/i).test(one);
  });
}

/**
 * Argo CD writes `deployStartedAt` from the operation's `startedAt`, and the entry before it ends the operation
 * (controller/sync.go, persistRevisionHistory). A partial sync and a dry run add none.
 */
function isOfThisSync(entry: HistoryEntry, notification: Notification): boolean {
  if (isAside(notification)) return false;
  const started = toIso(notification.operation.started_at);
  if (!started) return false;
  const entryStarted = toIso(entry.started_at);
  if (entryStarted) return entryStarted === started;
  const deployed = toIso(entry.deployed_at);
  if (!deployed || deployed < started) return false;
  // times have whole seconds: the sync before may end when this one starts
  return deployed > started || keyOf(entry) === keyOf(notification);
}

/** The deployments before this sync, oldest first. */
export function earlierThan(notification: Notification): readonly Earlier[] {
  const all = numbered(notification);
  return all.flatMap((entry, index) => {
    const deployedAt = toIso(entry.deployed_at);
    const isNewest = index === all.length - 1;
    if (!deployedAt || (isNewest && isOfThisSync(entry, notification))) return [];
    const startedAt = toIso(entry.started_at);
    const after = toIso(all[index - 1]?.deployed_at);
    const notBefore = (at: string | undefined) => at && (at < deployedAt ? deployedAt : at);
    const until = notBefore(hiddenAt(all[index + 1], notification));
    const overtakenAt = notBefore(nextAfter(all[index + 1], notification));
    return [
      {
        id: entry.id,
        notification: asNotification(entry, notification, { runsStill: overtakenAt === undefined }),
        deployedAt,
        ...(startedAt && { startedAt }),
        ...(after && after <= deployedAt && { after }),
        ...(until && { until }),
        ...(overtakenAt && { overtakenAt }),
        isRollback: isRollbackTo(entry, all.slice(0, index)),
      },
    ];
  });
}

function nextAfter(next: HistoryEntry | undefined, notification: Notification): string | undefined {
  if (next) return toIso(next.started_at) ?? toIso(next.deployed_at);
  return isAside(notification) ? undefined : toIso(notification.operation.started_at);
}

/**
 * A sync that failed, or was partial, left the last whole sync in place: a healthy application then speaks for that
 * one.
 */
function hiddenAt(next: HistoryEntry | undefined, notification: Notification): string | undefined {
  const { phase, started_at } = notification.operation;
  if (next) return nextAfter(next, notification);
  return phase === 'Running' || phase === 'Terminating' ? toIso(started_at) : undefined;
}

/** It equals no revision. */
const NOT_KNOWN = 'unknown';

/**
 * Images, annotations of a commit and messages are those of now, not of then: they are removed, except for the images
 * that run where nothing was deployed since.
 */
function asNotification(
  entry: HistoryEntry,
  notification: Notification,
  { runsStill }: { readonly runsStill: boolean },
): Notification {
  const { operation } = notification;
  return {
    ...notification,
    event: 'succeeded',
    operation: {
      ...operation,
      phase: 'Succeeded',
      message: undefined,
      started_at: entry.started_at,
      finished_at: entry.deployed_at,
      username: entry.username,
      automated: entry.automated,
      retry_count: 0,
      dry_run: false,
      partial: false,
      info: [],
    },
    revision: entry.revision,
    revisions: entry.revisions,
    sources: sourcesOf(entry, notification),
    overrides: entry.overrides,
    hydrator: { ...notification.hydrator, hydrated_sha: notification.hydrator.hydrated_sha ?? NOT_KNOWN },
    unhealthy: [],
    conditions: [],
    images: runsStill ? notification.images : [],
    resources: { total: 0, changed: 0, failed: [], images: [] },
    commit: { message: undefined, author: undefined, date: undefined },
    history: [],
  };
}

/**
 * Today's sources are used for the earlier deployment only while there are as many: an application may have got a
 * second one.
 */
function sourcesOf({ sources, revision, revisions }: HistoryEntry, now: Notification): Notification['sources'] {
  if (sources.length > 0) return sources;
  const deployed = revisions.length > 0 ? revisions.length : revision ? 1 : 0;
  return now.sources.length === deployed ? now.sources : [];
}

import type { History } from '../../domain/change-record.ts';
import { toIso } from '../../values/time.ts';
import { keyOf, wentBack } from './revision.ts';
import type { HistoryEntry, Notification } from './schema.ts';

/** An earlier deployment, as the history remembers it. Whether its notification was lost, only the store knows. */
interface Earlier {
  readonly id: number;
  /** What a notification of it would have said, as far as the history knows. */
  readonly notification: Notification;
  readonly deployedAt: string;
  /** Since Argo CD 2.11 the history says when the operation started: that is the deployment's own key. */
  readonly startedAt?: string;
  /** When the entry before it was deployed. */
  readonly after?: string;
  readonly isRollback: boolean;
}

/** Argo CD keeps 10 unless `revisionHistoryLimit` says otherwise; the store remembers as many. */
const ENTRIES_READ = 50;

/** By their numbers: Argo CD appends, templates of others may not. */
function numbered({ history }: Notification): readonly (HistoryEntry & { id: number })[] {
  const entries = history.flatMap((entry) => (entry.id === undefined ? [] : [{ ...entry, id: entry.id }]));
  return entries.toSorted((a, b) => a.id - b.id).slice(-ENTRIES_READ);
}

/** What the store needs to find gaps. `id` only where the newest entry is this very sync. */
export function historyOf(notification: Notification, identity: string): History {
  const newest = numbered(notification).at(-1);
  const own = notification.operation.phase === 'Succeeded' && newest && isOfThisSync(newest, notification);
  return {
    of: identity,
    ...(own && { id: newest.id }),
    ...(newest && { newest: newest.id }),
  };
}

/**
 * Argo CD writes `deployStartedAt` from the operation's `startedAt`, and the entry before it ends the operation
 * (controller/sync.go, persistRevisionHistory). A partial sync and a dry run add none.
 */
function isOfThisSync(entry: HistoryEntry, notification: Notification): boolean {
  const started = toIso(notification.operation.started_at);
  if (!started) return false;
  const entryStarted = toIso(entry.started_at);
  if (entryStarted) return entryStarted === started;
  const deployed = toIso(entry.deployed_at);
  if (!deployed || deployed < started) return false;
  return deployed > started || keyOf(entry) === keyOf(notification); // times have whole seconds: the sync before may end when this one starts
}

/** The deployments before this sync that are not older than `oldestMs` (epoch), oldest first. */
export function earlierThan(notification: Notification, oldestMs: number): readonly Earlier[] {
  const all = numbered(notification);
  return all.flatMap((entry, index) => {
    const deployedAt = toIso(entry.deployed_at);
    const isNewest = index === all.length - 1;
    if (!deployedAt || Date.parse(deployedAt) < oldestMs) return [];
    if (isNewest && isOfThisSync(entry, notification)) return [];
    const startedAt = toIso(entry.started_at);
    const after = toIso(all[index - 1]?.deployed_at);
    return [
      {
        id: entry.id,
        notification: asTold(entry, notification),
        deployedAt,
        ...(startedAt && { startedAt }),
        ...(after && after <= deployedAt && { after }),
        isRollback: wentBack(entry, all.slice(0, index)),
      },
    ];
  });
}

/** Images, annotations of a commit and messages are of now, not of then: nothing of them is left. */
function asTold(entry: HistoryEntry, notification: Notification): Notification {
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
      username: undefined,
      automated: false,
      partial: false,
      self_heal_attempts: 0,
      info: [],
    },
    revision: entry.revision,
    revisions: entry.revisions,
    sources: sourcesOf(entry, notification),
    dry_sha: undefined,
    health: { status: undefined, message: undefined, since: undefined },
    images: [],
    resources: { total: 0, changed: 0, failed: [], images: [] },
    commit: { message: undefined, author: undefined, date: undefined },
    history: [],
  };
}

/** Today's sources stand for those of then only while there are as many: an application may have got a second one. */
function sourcesOf({ sources, revision, revisions }: HistoryEntry, now: Notification): Notification['sources'] {
  if (sources.length > 0) return sources;
  const deployed = revisions.length > 0 ? revisions.length : revision ? 1 : 0;
  return now.sources.length === deployed ? now.sources : [];
}

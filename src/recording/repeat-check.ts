import { type ChangeRecord, digest } from '../domain/change-record.ts';
import { RANK } from '../domain/deployment.ts';
import type { Post, RecentPosts } from '../store/changes/recent-posts.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { momentOf, RETRY_WINDOW_MS, type Repeats } from './repeats.ts';

export interface RepeatCheckParts {
  readonly repeats: Pick<Repeats, 'isRepeat'>;
  readonly posts: RecentPosts;
  readonly inbox: Pick<Inbox, 'entries'>;
  /** After so long a webhook is kept, or its sender was told that it is not. */
  readonly keptWithinMs: number;
}

/**
 * Whether a post says again what was acknowledged before it, be it recorded or not yet: a worker may be a moment, or a
 * long queue, behind. Asked once for each post, since it notes it. Of two that come at the very same time, one says
 * again what the other says.
 */
export function createRepeatCheck(parts: RepeatCheckParts): (record: ChangeRecord) => Promise<boolean> {
  const { repeats, posts } = parts;
  return async (record) => {
    const [previous, isRecorded] = await Promise.all([
      posts.swap(placeOf(record), postOf(record)),
      repeats.isRepeat(record),
    ]);
    if (isRecorded) return true;
    if (!previous || !isSaidBy(previous, record)) return false;
    return (await isUnderWay(parts, previous, record)) || repeats.isRepeat(record); // recorded in between
  };
}

/** Where what runs is replaced, as far as the post says. A post with a name of its own stands for itself. */
function placeOf({ instance, repository, service, serviceId, environment, repeatable, deployment }: ChangeRecord) {
  const named = [instance, repository?.name, service, serviceId, environment.name];
  return digest(repeatable ? JSON.stringify(named) : deployment);
}

const postOf = (record: ChangeRecord): Post => ({
  webhook: record.webhook ?? '',
  deployment: digest(record.deployment),
  state: record.state,
  at: momentOf(record).at,
  receivedAt: record.receivedAt,
});

function isSaidBy(previous: Post, record: ChangeRecord): boolean {
  if (previous.deployment !== digest(record.deployment)) return false;
  if (!record.repeatable) return previous.state === record.state;
  const distanceMs = Math.abs(Date.parse(momentOf(record).at) - Date.parse(previous.at));
  return distanceMs <= RETRY_WINDOW_MS && RANK[record.state] <= RANK[previous.state];
}

/** Acknowledged and not recorded yet, or just being acknowledged. */
async function isUnderWay(
  { inbox, keptWithinMs }: RepeatCheckParts,
  { webhook, receivedAt }: Post,
  record: ChangeRecord,
): Promise<boolean> {
  const [entry] = await inbox.entries([webhook]);
  if (entry) return entry.verdict === 'accepted';
  return Date.parse(record.receivedAt) - Date.parse(receivedAt) < keptWithinMs;
}

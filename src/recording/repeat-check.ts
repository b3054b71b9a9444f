import { type ChangeRecord, digest } from '../domain/change-record.ts';
import { RANK } from '../domain/deployment.ts';
import type { Post, RecentPosts } from '../store/changes/recent-posts.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { isOtherEnd, momentOf, RETRY_WINDOW_MS } from './repeat-moment.ts';
import type { Repeats } from './repeats.ts';

export interface RepeatCheckParts {
  readonly repeats: Pick<Repeats, 'isRepeat'>;
  readonly posts: RecentPosts;
  readonly inbox: Pick<Inbox, 'entries'>;
  /** By this time a webhook is stored, or its sender has received an error. Milliseconds. */
  readonly keptWithinMs: number;
}

/**
 * Whether a post repeats one that was acknowledged before it. The earlier one may not be recorded yet: it may still be
 * in the queue. Call it once for each post, as it remembers the post. Of two posts at the same time, one is the repeat.
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

/** The lineage of a post, as far as it is known here. A post with an `external_id` is compared by that id alone. */
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
  if (isOtherEnd(record, previous)) return false;
  const distanceMs = Math.abs(Date.parse(momentOf(record).at) - Date.parse(previous.at));
  return distanceMs <= RETRY_WINDOW_MS && RANK[record.state] <= RANK[previous.state];
}

/** Whether the post is acknowledged but not recorded yet, or about to be acknowledged. */
async function isUnderWay(
  { inbox, keptWithinMs }: RepeatCheckParts,
  { webhook, receivedAt }: Post,
  record: ChangeRecord,
): Promise<boolean> {
  const [entry] = await inbox.entries([webhook]);
  if (entry) return entry.verdict === 'accepted';
  return Date.parse(record.receivedAt) - Date.parse(receivedAt) < keptWithinMs;
}

import type { Redis } from 'ioredis';
import { z } from 'zod';
import { State } from '../../domain/change-record.ts';
import { keys } from '../keys.ts';

/** A post to an API whose answer says whether it is a repeat. Times are ISO 8601 UTC. */
export interface Post extends z.output<typeof Post> {}
const Post = z.object({
  webhook: z.string(),
  /** A digest of the deployment's key, which may hold a secret: it is not masked here. */
  deployment: z.string(),
  state: State,
  /** When it happened. */
  at: z.string(),
  receivedAt: z.string(),
});

/** The last post for each slot, for as long as it usually waits for its record. */
export interface RecentPosts {
  /**
   * Notes a post.
   * @returns the previous one there
   */
  swap(place: string, post: Post): Promise<Post | undefined>;
}

/** After a minute nearly all are recorded, and the change log has them. A thousand posts a second are 15 MB. */
const KEPT_SECONDS = 60;

export const createRecentPosts = (redis: Redis): RecentPosts => ({
  async swap(place, post) {
    const before = await redis.set(keys.recentPost(place), JSON.stringify(post), 'EX', KEPT_SECONDS, 'GET');
    return before === null ? undefined : Post.parse(JSON.parse(before));
  },
});

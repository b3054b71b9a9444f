import type { Redis } from 'ioredis';
import { DAY_SECONDS } from '../../values/units.ts';
import { keys } from '../keys.ts';

/**
 * The deployments that identical posts reported: the key of the first is made of the post, each other has a further
 * name.
 */
export interface RepeatNames {
  of(key: string): Promise<readonly string[]>;
  /** `at`: ISO 8601 UTC. Adding one again changes nothing. */
  add(key: string, named: { readonly name: string; readonly at: string }): Promise<void>;
}

/** Of many identical posts, each with another deployment in between, the newest count. */
const MAX_NAMES = 32;

export function createRepeatNames(redis: Redis, keepDays: number): RepeatNames {
  const seconds = Math.ceil(keepDays * DAY_SECONDS);
  return {
    async of(key) {
      const [names, latest] = await Promise.all([
        redis.zrevrange(keys.repeatNames(key), 0, MAX_NAMES - 1),
        redis.get(keys.latestRepeat(key)), // release 0.1.0 stored the latest alone
      ]);
      return [...new Set([key, ...names, ...(latest === null ? [] : [latest])])];
    },
    async add(key, { name, at }) {
      await redis.zadd(keys.repeatNames(key), Date.parse(at), name);
      await redis.zremrangebyrank(keys.repeatNames(key), 0, -MAX_NAMES - 1);
      await redis.expire(keys.repeatNames(key), seconds);
      const [newest] = await redis.zrevrange(keys.repeatNames(key), 0, 0);
      if (newest === name) await redis.set(keys.latestRepeat(key), name, 'EX', seconds);
    },
  };
}

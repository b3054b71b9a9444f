import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';

/** Which of the deployments that were told of in the same words is the latest. */
export interface LatestRepeats {
  get(key: string): Promise<string | undefined>;
  set(key: string, latest: string): Promise<void>;
}

const SECONDS_A_DAY = 86_400;

export function createLatestRepeats(redis: Redis, keepDays: number): LatestRepeats {
  const seconds = Math.ceil(keepDays * SECONDS_A_DAY);
  return {
    get: async (key) => (await redis.get(keys.latestRepeat(key))) ?? undefined,
    async set(key, latest) {
      await redis.set(keys.latestRepeat(key), latest, 'EX', seconds);
    },
  };
}

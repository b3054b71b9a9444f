import type { Redis } from 'ioredis';
import { key } from './keys.ts';

/** Until when a source's tool was asked for what it never told. Kept as long as nobody clears Redis. */
export interface Milestones {
  get(source: string): Promise<Date | undefined>;
  set(source: string, at: Date): Promise<void>;
}

export function createMilestones(redis: Redis): Milestones {
  return {
    async get(source) {
      const at = await redis.hget(key('reconciled'), source);
      return at === null ? undefined : new Date(at);
    },
    async set(source, at) {
      await redis.hset(key('reconciled'), source, at.toISOString());
    },
  };
}

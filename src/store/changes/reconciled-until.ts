import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';

/** Until when a source's tool was asked for deployments that were never reported. Never expires. */
export interface ReconciledUntil {
  get(source: string): Promise<Date | undefined>;
  set(source: string, at: Date): Promise<void>;
}

export function createReconciledUntil(redis: Redis): ReconciledUntil {
  return {
    async get(source) {
      const at = await redis.hget(keys.reconciledUntil(), source);
      return at === null ? undefined : new Date(at);
    },
    async set(source, at) {
      await redis.hset(keys.reconciledUntil(), source, at.toISOString());
    },
  };
}

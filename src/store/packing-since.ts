import type { Redis } from 'ioredis';
import { keys } from './keys.ts';

/** A release before this one can be started again for so long without missing anything. */
export const PACKING_WAITS_MS = 86_400_000;

/** When a release that packs was first started (epoch ms): for a day it is safe to go back to one before it. */
export async function packingSince(redis: Redis, nowMs: number): Promise<number> {
  await redis.set(keys.packingSince(), nowMs, 'NX');
  return Number(await redis.get(keys.packingSince()));
}

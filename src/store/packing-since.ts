import type { Redis } from 'ioredis';
import { DAY_MS } from '../values/units.ts';
import { keys } from './keys.ts';

/** How long the previous release can be started again without missing anything. */
export const PACKING_WAITS_MS = DAY_MS;

/** When a release that packs was first started (epoch ms): for a day it is safe to go back to the previous one. */
export async function packingSince(redis: Redis, nowMs: number): Promise<number> {
  await redis.set(keys.packingSince(), nowMs, 'NX');
  return Number(await redis.get(keys.packingSince()));
}

import type { Redis } from 'ioredis';

/**
 * Redis' own clock, epoch ms: expiry in Redis is by that clock, and a bridge whose clock is wrong must not delete the
 * change log.
 */
export async function nowOf(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

import type { RateLimiterOptions } from 'bullmq';

const MINUTE_MS = 60_000;
/** A limit that is never reached. BullMQ allows `worker.rateLimit()`, which holds a whole sink, only with one. */
const UNLIMITED: RateLimiterOptions = { max: 1_000_000, duration: 1_000 };
/** A shorter window would cost timers and hardly spread deliveries more. */
const SHORTEST_WINDOW_MS = 100;

/**
 * The rate of a destination as a BullMQ limiter of its queue. It counts in Redis, so that all processes share one
 * limit. BullMQ counts from the first job of a window, so that windows of a minute would let twice as many jobs through
 * around a boundary. The windows are therefore as short as the rate allows, mostly of one job, which spreads deliveries
 * over the minute. Skipped deliveries count too, so the actual rate may be lower.
 */
export function limiterOf(ratePerMinute: number | undefined): RateLimiterOptions {
  if (ratePerMinute === undefined) return UNLIMITED;
  const max = Math.max(1, Math.floor((ratePerMinute * SHORTEST_WINDOW_MS) / MINUTE_MS));
  return { max, duration: Math.ceil((max * MINUTE_MS) / ratePerMinute) };
}

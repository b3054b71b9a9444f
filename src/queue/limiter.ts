import type { RateLimiterOptions } from 'bullmq';

const MINUTE_MS = 60_000;
/** A limit that is never met: BullMQ takes `worker.rateLimit()`, by which a whole sink waits, only with a limiter. */
const UNLIMITED: RateLimiterOptions = { max: 1_000_000, duration: 1_000 };
/** A window that is shorter costs more timers than it spreads. */
const SHORTEST_WINDOW_MS = 100;

/**
 * The rate of a destination, as BullMQ's limiter of its queue. It counts in Redis: all processes share one limit. It
 * counts from the first job of a window on, so that one window of a minute would let twice as many through around its
 * end: the windows are as short as the rate allows, mostly of one job, and the deliveries are spread over the minute. A
 * delivery that turns out to be needless counts too: the rate is at most this.
 */
export function limiterOf(ratePerMinute: number | undefined): RateLimiterOptions {
  if (ratePerMinute === undefined) return UNLIMITED;
  const max = Math.max(1, Math.floor((ratePerMinute * SHORTEST_WINDOW_MS) / MINUTE_MS));
  return { max, duration: Math.ceil((max * MINUTE_MS) / ratePerMinute) };
}

import { performance } from 'node:perf_hooks';

/**
 * Above this utilization of the event loop the process is overloaded. Waiting for a slow Redis does not count.
 */
const BUSY = 0.7;
const MEASURE_MS = 50; // a shorter time shows single requests, not the load

/** Whether the event loop has hardly been idle lately. */
export function createLoadMeter(): () => boolean {
  let since = performance.eventLoopUtilization();
  let measuredMs = performance.now();
  let share = 0;
  return () => {
    if (performance.now() - measuredMs >= MEASURE_MS) {
      const now = performance.eventLoopUtilization();
      share = performance.eventLoopUtilization(now, since).utilization;
      since = now;
      measuredMs = performance.now();
    }
    return share > BUSY;
  };
}

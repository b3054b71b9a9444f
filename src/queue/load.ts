import { performance } from 'node:perf_hooks';

/**
 * Above this share of its time the process is short of it, and waits for others that are. Waiting for a slow Redis is
 * no work.
 */
const BUSY = 0.7;
const MEASURE_MS = 50;

/** Whether the event loop had hardly any time to rest lately. */
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

import { performance } from 'node:perf_hooks';

/** Above this share of its time the process has no moment to spare. Waiting, for a slow Redis say, is no work. */
const BUSY = 0.9;
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

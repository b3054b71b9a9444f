import type { ChangeEvent } from '../domain/change-event.ts';
import { createSemaphore } from '../values/semaphore.ts';
import type { WatchedWorker } from './watched-worker.ts';

/** The most jobs that a worker records at once. */
export const RECORD_CONCURRENCY = 16;
/** Events of all jobs recorded at once. With 192, deliveries came late (measured: docs/bench.md, cost of a webhook). */
const EVENTS_AT_ONCE = 48;
/** With so many events in its jobs, a process takes no more of them: they would only fill the memory. */
const ENOUGH_EVENTS = 64;

type Limited = Pick<WatchedWorker, 'concurrency' | 'foundNone'>;

/** What this process records at the moment: jobs of its worker, and webhooks that it has just received. */
export type RecordingLoad = ReturnType<typeof createRecordingLoad>;

export function createRecordingLoad(record: (event: ChangeEvent) => Promise<void>) {
  const fewAtOnce = createSemaphore(EVENTS_AT_ONCE);
  let worker: Limited | undefined;
  let underWay = 0;
  const change = (by: number) => {
    underWay += by;
    if (worker) worker.concurrency = underWay < ENOUGH_EVENTS ? RECORD_CONCURRENCY : 1;
  };
  return {
    record: (event: ChangeEvent) => fewAtOnce(() => record(event)),
    /** Counts events while they are recorded. */
    async counting(events: number, work: () => Promise<void>): Promise<void> {
      change(events);
      await work().finally(() => change(-events));
    },
    /**
     * What is received may be recorded at once: the queue had no older ones, and no more are under way than a worker
     * has jobs. Others of them would wait here for a slow Redis until their locks expire.
     */
    isFree: () => underWay < RECORD_CONCURRENCY && worker?.foundNone === true,
    /** From now on this worker takes jobs only while there is room for them. */
    limits<Own extends Limited>(own: Own): Own {
      worker = own;
      return own;
    },
  };
}

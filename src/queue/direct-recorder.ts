import type { Redis } from 'ioredis';
import type { ChangeEvent } from '../domain/change-event.ts';
import { endActiveJob, type JobLock } from '../store/active-jobs.ts';
import { watchConnection } from './connection.ts';

/** A job that this process has added as an active one. */
export interface DirectJob extends JobLock {
  readonly events: readonly ChangeEvent[];
}

export interface DirectRecorderParts {
  readonly connection: Redis;
  readonly record: (event: ChangeEvent) => Promise<void>;
  /** Whether there is room for more events, and no older ones wait in the queue. */
  readonly isFree: () => boolean;
  /** Counts events while they are recorded. */
  readonly counting: (events: number, work: () => Promise<void>) => Promise<void>;
  /** Puts the job into the queue, where a worker takes it. */
  readonly leaveToWorker: (job: JobLock) => Promise<void>;
  /** Puts events into the queue whose job has ended on a server that may lack their records. */
  readonly keepAgain: (events: readonly ChangeEvent[]) => Promise<void>;
  readonly onError: (error: Error) => void;
}

/**
 * Records webhooks in the process that received them as soon as they are durable: the usual case, which then needs no
 * worker.
 *
 * The guarantees are those of the queue: what was received is in a job of BullMQ, an active one. If this process ends,
 * the lock of the job expires, and a worker takes it; if the recording fails, a worker repeats it.
 */
export interface DirectRecorder {
  /** False: a worker should record them, later. */
  mayTake(events: readonly ChangeEvent[]): boolean;
  /** Begins after the webhooks were answered, and never fails. */
  take(job: DirectJob): void;
  /** Takes no further jobs, and waits for those that it has. */
  close(): Promise<void>;
}

/** For a process that records nothing. */
export const noDirectRecorder: DirectRecorder = { mayTake: () => false, take: () => {}, close: async () => {} };

export function createDirectRecorder(parts: DirectRecorderParts): DirectRecorder {
  const { connection, record, isFree, counting, leaveToWorker, keepAgain, onError } = parts;
  const underWay = new Set<Promise<void>>();
  let isClosed = false;
  const recordAll = async ({ events, ...job }: DirectJob) => {
    const isSame = watchConnection(connection);
    const results = await Promise.allSettled(events.map(record));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    for (const failure of failures) onError(failure instanceof Error ? failure : new Error(String(failure)));
    if (failures.length > 0 || !isSame()) return leaveToWorker(job);
    await endActiveJob(connection, job);
    if (!isSame()) await keepAgain(events);
  };
  const run = async (job: DirectJob) => {
    // The answers to the senders come first.
    await new Promise(setImmediate);
    await (isClosed ? leaveToWorker(job) : counting(job.events.length, () => recordAll(job)));
  };
  return {
    // An API that is asked first may need longer than the lock lasts.
    mayTake: (events) => !isClosed && isFree() && events.every(({ lookups }) => !lookups?.length),
    take(job) {
      // Whatever fails here: the lock expires.
      const running = run(job).catch(() => {});
      underWay.add(running);
      void running.then(() => underWay.delete(running));
    },
    async close() {
      isClosed = true;
      await Promise.all(underWay);
    },
  };
}

import type { Job } from 'bullmq';

/** In the data of any job. Absent, as a bridge of version 0.1.0 writes it: nothing is known against the job. */
export interface CrashCount {
  /** Times that it was taken and the process ended before it was done. */
  readonly unfinished?: number;
}

/**
 * A job that was the only one under way so often when the process ended is the cause. Once is no proof: somebody may
 * have killed the process in that very moment.
 */
const MAX_UNFINISHED = 2;

/** A job that crashes the process does so at once: one that still runs after this time only waits. */
const SUSPECT_MS = 100;

/** Taken once more, it would end the process again. */
export class Quarantined extends Error {
  override readonly name = 'Quarantined';
}

export type CountedJob = Pick<Job<CrashCount>, 'id' | 'data' | 'stalledCounter' | 'updateData'>;

/** Whether it was under way when a process ended. BullMQ counts that for all such jobs, the innocent ones as well. */
export const isSuspect = ({ data, stalledCounter }: Pick<CountedJob, 'data' | 'stalledCounter'>): boolean =>
  data.unfinished !== undefined || stalledCounter > 0;

export interface Quarantine {
  /**
   * Runs a job. One that was under way when a process ended runs alone among its like, and leaves a mark in Redis for
   * as long as it computes: so the next end of the process speaks against this one and no other.
   * @throws Quarantined instead of another run of a job that ended the process twice
   */
  run<Got>(job: CountedJob, act: () => Promise<Got>): Promise<Got>;
  /** How often it was the only one under way when a process ended. */
  unfinishedRuns(job: CountedJob): number;
  /**
   * The ids of the jobs that were under way when this process began: those of the one before it, and of replicas. One
   * by itself is marked already; of several nobody knows which it was.
   */
  foundUnderWay(jobs: readonly string[]): void;
  /** The process ends in an orderly way: that speaks against nothing that is under way. */
  release(): Promise<void>;
}

/**
 * A job that hangs or kills the process would be taken again for ever, at each restart, before anything else is done.
 */
export function createQuarantine(): Quarantine {
  let leftBehind: readonly string[] = [];
  const unfinishedRuns = ({ id, data, stalledCounter }: CountedJob): number =>
    data.unfinished ?? (stalledCounter > 0 && leftBehind.length === 1 && leftBehind[0] === id ? 1 : 0);
  let queue: Promise<unknown> = Promise.resolve();
  let unmark: (() => Promise<unknown>) | undefined;
  const alone = <Got>(act: () => Promise<Got>): Promise<Got> => {
    const current = queue.then(act);
    queue = current.catch(() => undefined);
    return current;
  };
  return {
    unfinishedRuns,
    foundUnderWay(jobs) {
      leftBehind = jobs;
    },
    async run(job, act) {
      if (!isSuspect(job)) return act();
      const unfinished = unfinishedRuns(job);
      if (unfinished >= MAX_UNFINISHED)
        throw new Quarantined(
          `taken ${unfinished} times, and the process ended each time while it alone ran: it is a fault of the ` +
            `bridge; replay it when that is mended`,
        );
      return alone(async () => {
        await job.updateData({ ...job.data, unfinished: unfinished + 1 });
        // Not known any more: somebody dropped it meanwhile.
        const clear = () => job.updateData({ ...job.data, unfinished }).catch(() => undefined);
        unmark = clear;
        const waiting = setTimeout(() => void clear(), SUSPECT_MS);
        try {
          return await act();
        } finally {
          clearTimeout(waiting);
          await clear();
          unmark = undefined;
        }
      });
    },
    async release() {
      await unmark?.();
    },
  };
}

import type { Job } from 'bullmq';

/** Part of the data of every job. Absent in jobs of version 0.1.0, and in jobs that were never active at a crash. */
export interface CrashCount {
  /** How often the process ended while this job was active. */
  readonly unfinished?: number;
}

/**
 * A job that was the only active one at this many crashes is considered the cause. One crash is not enough: the process
 * may have been killed from outside at that moment.
 */
const MAX_UNFINISHED = 2;

/** A job that crashes the process does so at once. After this time a job is only waiting for I/O. */
const SUSPECT_MS = 100;

/** Thrown for a job that would crash the process again. */
export class Quarantined extends Error {
  override readonly name = 'Quarantined';
}

export type CountedJob = Pick<Job<CrashCount>, 'id' | 'data' | 'stalledCounter' | 'updateData'>;

/** Whether the job was active when a process ended. BullMQ counts that for every active job, not only for the cause. */
export const isSuspect = ({ data, stalledCounter }: Pick<CountedJob, 'data' | 'stalledCounter'>): boolean =>
  data.unfinished !== undefined || stalledCounter > 0;

export interface Quarantine {
  /**
   * Runs a job. A suspect (active when a process ended) runs without other suspects beside it, and is marked in Redis
   * while it computes, so that the next crash can be attributed to it.
   * @throws Quarantined instead of running a job that crashed the process twice
   */
  run<Got>(job: CountedJob, act: () => Promise<Got>): Promise<Got>;
  /** How often it was the only active job when a process ended. */
  unfinishedRuns(job: CountedJob): number;
  /**
   * The ids of the jobs that were active when this process started: those of its previous run, and of replicas. A
   * single one counts as the cause of the crash; among several the cause is unknown.
   */
  foundUnderWay(jobs: readonly string[]): void;
  /** Called on an orderly shutdown: it must not count as a crash of the active jobs. */
  release(): Promise<void>;
}

/**
 * Without this, a job that hangs or crashes the process would run again at each restart and block everything else.
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
          `the process ended ${unfinished} times while this was the only active job: this is a bug of the ` +
            `bridge; replay it when the bug is fixed`,
        );
      return alone(async () => {
        await job.updateData({ ...job.data, unfinished: unfinished + 1 });
        // The job no longer exists: it was dropped in the meantime.
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

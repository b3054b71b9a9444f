import type { Redis } from 'ioredis';
import { keys } from './keys.ts';
import { createScript } from './script.ts';

/** A job of the queue of webhooks to record, as BullMQ stores it. */
export interface ActiveJob {
  readonly id: string;
  readonly name: string;
  /** JSON */
  readonly data: string;
  /** BullMQ's JobsOptions, as JSON. */
  readonly options: string;
  readonly madeAtMs: number;
}

/** Proves that this process works on a job. When it has expired, BullMQ gives the job to a worker. */
export interface JobLock {
  readonly id: string;
  readonly lock: string;
}

const add = createScript('add-active-job');
const end = createScript('end-active-job');

/** Adds a job that is active from the start: who adds it works on it. */
export const addActiveJob = (
  redis: Redis,
  { id, name, data, options, madeAtMs }: ActiveJob,
  { lock, ms }: { readonly lock: string; readonly ms: number },
) =>
  add(
    redis,
    [keys.recordQueue('active'), keys.recordQueue(id), keys.recordQueue(`${id}:lock`), keys.recordQueue('meta')],
    ...[id, name, data, options, madeAtMs, lock, ms],
  ) as Promise<'added' | 'known' | 'paused'>;

/** Removes a job that is done. Does nothing when its lock has expired. */
export const endActiveJob = (redis: Redis, { id, lock }: JobLock) =>
  end(
    redis,
    [keys.recordQueue('active'), keys.recordQueue(id), keys.recordQueue(`${id}:lock`), keys.recordQueue('stalled')],
    ...[id, lock],
  );

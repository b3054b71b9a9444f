import { type Job, Worker } from 'bullmq';

/**
 * A worker that shows whether it lives: one that waits for ever for an answer to its question for a job goes unnoticed
 * where another one takes the jobs of its queue.
 */
export class WatchedWorker<Data = unknown> extends Worker<Data> {
  /** Grows with each answer, and with each job that begins or ends: every ten seconds where there is nothing to do. */
  signsOfLife = 0;
  private inHand = 0;

  /** Then it may ask for nothing, however long it takes: its hands are full, or its sink takes so many a minute. */
  get isBusy(): boolean {
    return this.inHand > 0;
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<Data>> {
    const job = await super.moveToActive(token, name);
    this.signsOfLife += 1;
    return job;
  }

  protected override async callProcessJob(job: Job<Data>, token: string, signal?: AbortSignal): Promise<unknown> {
    this.inHand += 1;
    this.signsOfLife += 1;
    try {
      return await super.callProcessJob(job, token, signal);
    } finally {
      this.inHand -= 1;
      this.signsOfLife += 1;
    }
  }
}

import { type Job, Worker } from 'bullmq';

/**
 * A worker whose liveness can be checked. A worker that hangs in its request for a job would not be noticed while
 * another one processes the jobs of the same queue.
 */
export class WatchedWorker<Data = unknown> extends Worker<Data> {
  /** Grows with each answer of Redis and each job that begins or ends: at least every ten seconds, even when idle. */
  signsOfLife = 0;
  /** Its queue had no job when it last asked for one. */
  foundNone = false;
  private inHand = 0;

  /** True while it need not ask for jobs: all its slots are busy, or the rate limit of its sink is reached. */
  get isBusy(): boolean {
    return this.inHand > 0;
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<Data>> {
    const job = await super.moveToActive(token, name);
    this.signsOfLife += 1;
    this.foundNone = job === undefined;
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

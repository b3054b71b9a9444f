import { Job, type JobProgress, Queue } from 'bullmq';

/** The data of a job as JSON text: BullMQ would write it once more. */
export class WrittenData {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

class WrittenJob<Data, Result, Name extends string, Progress extends JobProgress> extends Job<
  Data,
  Result,
  Name,
  Progress
> {
  override asJSON(): ReturnType<Job['asJSON']> {
    const { data } = this;
    if (!(data instanceof WrittenData)) return super.asJSON();
    Object.assign(this, { data: undefined }); // so that nothing is written of it
    const job = super.asJSON();
    Object.assign(this, { data });
    return { ...job, data: data.json };
  }
}

/**
 * A queue whose jobs may have data that is written already. BullMQ (6.7) makes its jobs with the class in `Job`, and
 * stores what `asJSON` returns: neither is documented, so that an upgrade has to look at both.
 */
export class WrittenQueue extends Queue {
  protected override get Job(): typeof Job {
    return WrittenJob;
  }
}

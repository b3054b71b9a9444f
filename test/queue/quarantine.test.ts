import { expect, it } from 'vitest';
import { type CountedJob, createQuarantine, Quarantined } from '../../src/queue/quarantine.ts';

/** A job as Redis keeps it: what is written stays, whatever becomes of the process. */
function aJob(stalledCounter: number, id = 'suspect') {
  const job = {
    id,
    stalledCounter,
    data: {} as CountedJob['data'],
    async updateData(data: CountedJob['data']) {
      job.data = data;
    },
  };
  return job;
}

/** Of a process that finds these jobs under way when it begins. */
function aQuarantine(...underWay: readonly string[]) {
  const quarantine = createQuarantine();
  quarantine.foundUnderWay(underWay);
  return quarantine;
}

const never = () => new Promise<never>(() => {});
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs jobs that never ended a process without delay', async () => {
  const job = aJob(0);
  expect(await createQuarantine().run(job, async () => 'done')).toBe('done');
  expect(job.data).toEqual({});
});

it('does not run a job that was twice the only active one when the process ended', async () => {
  const job = aJob(1);
  void aQuarantine('suspect').run(job, never); // the process ends here
  await turn();
  const third = aQuarantine('suspect').run({ ...job, stalledCounter: 2 }, never);
  await expect(third).rejects.toThrow(Quarantined);
});

it('blames none of several active jobs for an end of the process, and runs each alone', async () => {
  const jobs = ['one', 'other', 'third'].map((id) => aJob(1, id));
  const [culprit, other] = jobs as [CountedJob, CountedJob];
  const underWay = jobs.map(({ id }) => id);
  for (let ends = 0; ends < 2; ends += 1) {
    const quarantine = aQuarantine(...underWay);
    void quarantine.run(culprit, never); // the process ends here
    void quarantine.run(other, never);
    await turn();
  }
  await expect(aQuarantine(...underWay).run(culprit, never)).rejects.toThrow(Quarantined);
  expect(await aQuarantine(...underWay).run(other, async () => 'done')).toBe('done');
});

it('quarantines nothing if the process is killed repeatedly, each time during another job', async () => {
  const jobs = Array.from({ length: 16 }, (_, at) => aJob(1, `job ${at}`));
  for (const running of jobs) {
    const quarantine = aQuarantine(...jobs.map(({ id }) => id));
    void quarantine.run(running, never); // the process ends here
    await turn();
  }
  const last = aQuarantine(...jobs.map(({ id }) => id));
  expect(await Promise.all(jobs.map((job) => last.run(job, async () => 'done')))).toEqual(jobs.map(() => 'done'));
});

it('removes the mark of a job that ends, whatever the result', async () => {
  const job = aJob(1);
  const quarantine = aQuarantine('suspect');
  for (let tries = 0; tries < 5; tries++)
    await quarantine.run(job, () => Promise.reject(new Error('away'))).catch(() => undefined);
  expect(await quarantine.run(job, async () => 'done')).toBe('done');
  expect(quarantine.unfinishedRuns(job)).toBe(1);
});

it('runs suspects one after another: only the running one is marked', async () => {
  const quarantine = aQuarantine('culprit', 'innocent');
  const [culprit, innocent] = [aJob(1, 'culprit'), aJob(1, 'innocent')];
  void quarantine.run(culprit, never);
  void quarantine.run(innocent, never);
  await turn();
  expect([culprit, innocent].map(quarantine.unfinishedRuns)).toEqual([1, 0]);
});

it('does not count an orderly shutdown as a crash', async () => {
  const job = aJob(1);
  const quarantine = aQuarantine('suspect');
  void quarantine.run(job, never);
  await turn();
  await quarantine.release();
  expect(quarantine.unfinishedRuns(job)).toBe(1);
});

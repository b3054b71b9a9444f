import { expect, it } from 'vitest';
import { type CountedJob, createQuarantine, Quarantined, unfinishedRuns } from '../../src/queue/quarantine.ts';

/** A job as Redis keeps it: what is written stays, whatever becomes of the process. */
function aJob(stalledCounter: number) {
  const job = {
    stalledCounter,
    data: {} as CountedJob['data'],
    async updateData(data: CountedJob['data']) {
      job.data = data;
    },
  };
  return job;
}

const never = () => new Promise<never>(() => {});
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs what never ended a process as if there were no quarantine', async () => {
  const job = aJob(0);
  expect(await createQuarantine().run(job, async () => 'done')).toBe('done');
  expect(job.data).toEqual({});
});

it('does not run a third time what ended the process twice', async () => {
  const job = aJob(1);
  void createQuarantine().run(job, never); // the process ends here
  await turn();
  const third = createQuarantine().run({ ...job, stalledCounter: 2 }, never);
  await expect(third).rejects.toThrow(Quarantined);
});

it('takes back the mark of what ends, well or not, however often it is tried', async () => {
  const job = aJob(1);
  const quarantine = createQuarantine();
  for (let tries = 0; tries < 5; tries++)
    await quarantine.run(job, () => Promise.reject(new Error('away'))).catch(() => undefined);
  expect(await quarantine.run(job, async () => 'done')).toBe('done');
  expect(unfinishedRuns(job)).toBe(1);
});

it('runs suspects one after the other: only the one that runs is marked when the process ends', async () => {
  const quarantine = createQuarantine();
  const [culprit, innocent] = [aJob(1), aJob(1)];
  void quarantine.run(culprit, never);
  void quarantine.run(innocent, never);
  await turn();
  expect([unfinishedRuns(culprit), unfinishedRuns(innocent)]).toEqual([2, 1]);
});

it('holds an orderly end against nobody', async () => {
  const job = aJob(1);
  const quarantine = createQuarantine();
  void quarantine.run(job, never);
  await turn();
  await quarantine.release();
  expect(unfinishedRuns(job)).toBe(1);
});

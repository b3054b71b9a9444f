import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { keepRunning } from '../../src/queue/keep-running.ts';
import { WatchedWorker } from '../../src/queue/watched-worker.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

it.each([
  { when: 'jobs wait', delay: 0 },
  { when: 'jobs are overdue', delay: 1 },
])('replaces a worker whose request for a job gets no answer, $when', async ({ delay }) => {
  const connection = new Redis({ path: redis.options.path ?? '', maxRetriesPerRequest: null });
  const queue = new Queue('work', { connection });
  const done: unknown[] = [];
  let made = 0;
  const make = () => {
    made += 1;
    const worker = new WatchedWorker('work', async ({ data }) => void done.push(data), { connection });
    // As a command to a node of a Cluster that has failed: BullMQ itself waits for it.
    if (made === 1) Object.assign(worker, { _getNextJob: () => new Promise(() => {}) });
    return worker;
  };
  const kept = keepRunning(make, { redis: connection, onError: () => {}, lookEveryMs: 20 });
  onTestFinished(async () => {
    await kept.close(true);
    await queue.close();
    connection.disconnect();
  });
  await queue.pause();
  await queue.add('a', 1, { delay });
  const looks = vi.spyOn(connection, 'pttl');
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(20)); // a queue that is paused is left alone
  expect(made).toBe(1);
  await queue.resume();
  await vi.waitFor(() => expect(done).toEqual([1]), { timeout: 20_000 });
  expect(made).toBe(2);
});

it('replaces one even if another replica processes all jobs, and none that has a job', async () => {
  const connection = new Redis({ path: redis.options.path ?? '', maxRetriesPerRequest: null });
  const queue = new Queue('shared', { connection });
  const done: unknown[] = [];
  const makeWorker = (name: string, process = async (_data: unknown) => {}) =>
    new WatchedWorker(
      'shared',
      async ({ data }) => {
        await process(data);
        done.push([name, data]);
      },
      { connection, drainDelay: 0.02 },
    );
  let [made, finish] = [0, () => {}];
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const make = () => {
    made += 1;
    const worker = makeWorker('ours', async (data) => (data === 'long' ? finished : undefined));
    if (made === 1) Object.assign(worker, { _getNextJob: () => new Promise(() => {}) });
    return worker;
  };
  const other = makeWorker('other');
  const looks = vi.spyOn(connection, 'pttl');
  const kept = keepRunning(make, { redis: connection, onError: () => {}, lookEveryMs: 20, silentMs: 1_000 });
  onTestFinished(async () => {
    finish();
    await kept.close(true);
    await queue.close();
    connection.disconnect();
  });
  await queue.add('a', 1);
  await vi.waitFor(() => expect(done).toEqual([['other', 1]]));
  await vi.waitFor(() => expect(made).toBe(2), { timeout: 20_000 });
  await other.close();
  await queue.add('a', 'long');
  const before = looks.mock.calls.length;
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(before + 100), { timeout: 20_000 });
  finish();
  await vi.waitFor(() => expect(done).toContainEqual(['ours', 'long']), { timeout: 20_000 });
  expect(made).toBe(2); // it had the job in hand all the time, and asked for no other
});

import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { keepRunning } from '../../src/queue/keep-running.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

it.each([
  { when: 'jobs wait', delay: 0 },
  { when: 'jobs are overdue', delay: 1 },
])('replaces a worker that asks for a job and never hears the answer, when $when', async ({ delay }) => {
  const connection = new Redis({ path: redis.options.path ?? '', maxRetriesPerRequest: null });
  const queue = new Queue('work', { connection });
  const done: unknown[] = [];
  let made = 0;
  const make = () => {
    made += 1;
    const worker = new Worker('work', async ({ data }) => void done.push(data), { connection });
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

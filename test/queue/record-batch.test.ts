import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueues, JOB_VERSION, RECORD_QUEUE } from '../../src/queue/queues.ts';
import { createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers } from '../../src/queue/workers.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { startTestRedis } from '../support/redis.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

it('one of several events that cannot be recorded is retried by itself, and the others are recorded', async () => {
  const server = await startTestRedis();
  const connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
  stops.push(server.stop, () => connection.disconnect());
  const queues = createQueues(connection, []);
  const tried: string[] = [];
  const workers = createWorkers({
    connection,
    sinks: [],
    gates: createSinkGates([]),
    async record({ webhookId }) {
      tried.push(webhookId);
      if (webhookId === 'ill' && tried.filter((id) => id === 'ill').length < 3) throw new Error('a bug');
    },
    underWay: async () => [],
    keepAlone: queues.keepAlone,
    forward: async () => 'delivered',
    onAttempt: () => {},
    onDead: () => {},
    onError: () => {},
  });
  const queue = new Queue(RECORD_QUEUE, { connection, prefix: PREFIX });
  stops.push(
    () => queues.close(),
    () => queue.close(),
    () => workers.close({ atOnce: false }),
  );
  const events = ['well', 'ill', 'fine'].map((webhookId) => ({ webhookId, source: 'gitlab', records: [] }));
  await queue.add('events', { version: JOB_VERSION, events }, { jobId: 'evt_all' });
  await vi.waitFor(() => expect(tried.filter((id) => id === 'ill')).toHaveLength(3), { timeout: 10_000 });
  await vi.waitFor(async () =>
    expect(await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')).toBe(0),
  );
  expect(tried.filter((id) => id !== 'ill').sort()).toEqual(['fine', 'well']);
});

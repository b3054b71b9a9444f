import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueues, JOB_VERSION, RECORD_QUEUE } from '../../src/queue/queues.ts';
import { createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers } from '../../src/queue/workers.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { deferred } from '../support/deferred.ts';
import { startTestRedis } from '../support/redis.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Record = Parameters<typeof createWorkers>[0]['record'];

/** Workers of an empty Redis, and the queue of its webhooks. */
async function startRecorder(record: Record) {
  const server = await startTestRedis();
  const connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
  stops.push(server.stop, () => connection.disconnect());
  const queues = createQueues(connection, []);
  const queue = new Queue(RECORD_QUEUE, { connection, prefix: PREFIX });
  stops.push(
    () => queues.close(),
    () => queue.close(),
  );
  return {
    queue,
    start() {
      const workers = createWorkers({
        connection,
        sinks: [],
        gates: createSinkGates([]),
        record,
        underWay: async () => [],
        leaveToWorker: async () => {},
        keepAlone: queues.keepAlone,
        forward: async () => 'delivered',
        onAttempt: () => {},
        onDead: () => {},
        onError: () => {},
      });
      stops.push(() => workers.close({ atOnce: false }));
    },
    add: (jobId: string, webhookIds: readonly string[]) =>
      queue.add(
        'events',
        {
          version: JOB_VERSION,
          events: webhookIds.map((webhookId) => ({ webhookId, source: 'gitlab', records: [] })),
        },
        { jobId },
      ),
  };
}

it('one of several events that cannot be recorded is retried by itself, and the others are recorded', async () => {
  const tried: string[] = [];
  const { queue, start, add } = await startRecorder(async ({ webhookId }) => {
    tried.push(webhookId);
    if (webhookId === 'ill' && tried.filter((id) => id === 'ill').length < 3) throw new Error('a bug');
  });
  start();
  await add('evt_all', ['well', 'ill', 'fine']);
  await vi.waitFor(() => expect(tried.filter((id) => id === 'ill')).toHaveLength(3), { timeout: 10_000 });
  await vi.waitFor(async () =>
    expect(await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')).toBe(0),
  );
  expect(tried.filter((id) => id !== 'ill').sort()).toEqual(['fine', 'well']);
});

it('takes no further job while it has many events to record', async () => {
  const [first, others] = [deferred(), deferred()];
  const { queue, start, add } = await startRecorder(({ webhookId }) =>
    webhookId === 'first' ? first.over : others.over,
  );
  stops.push(others.settle);
  await add('evt_first', ['first']);
  for (let job = 0; job < 20; job++)
    await add(
      `evt_${job}`,
      Array.from({ length: 5 }, (_, at) => `${job} ${at}`),
    );
  start();
  const jobs = async () => [await queue.getActiveCount(), await queue.getWaitingCount()];
  await vi.waitFor(async () => expect(await jobs()).toEqual([16, 5]), { timeout: 10_000 });
  first.settle();
  await vi.waitFor(async () => expect(await jobs()).toEqual([15, 5]), { timeout: 10_000 });
  others.settle();
  await vi.waitFor(async () => expect(await jobs()).toEqual([0, 0]), { timeout: 10_000 });
});

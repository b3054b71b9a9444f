import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChangeEvent } from '../../src/domain/change-event.ts';
import { createQueues, type Queues, RECORD_QUEUE } from '../../src/queue/queues.ts';
import { createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers, type Workers } from '../../src/queue/workers.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { keys } from '../../src/store/keys.ts';
import { deferred } from '../support/deferred.ts';
import { startTestRedis } from '../support/redis.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

let connection: Redis;
let queue: Queue;
beforeEach(async () => {
  const server = await startTestRedis();
  connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
  queue = new Queue(RECORD_QUEUE, { connection, prefix: PREFIX });
  stops.push(
    server.stop,
    () => connection.disconnect(),
    () => queue.close(),
  );
});

const anEvent = (webhookId: string, over: Partial<ChangeEvent> = {}): ChangeEvent => ({
  webhookId,
  source: 'gitlab',
  records: [],
  ...over,
});

/** A process that records, and has found no work in the queue. */
async function startRecording(record: (event: ChangeEvent) => Promise<void>) {
  const plain = openQueues();
  const onError = vi.fn();
  const workers = createWorkers({
    connection,
    sinks: [],
    gates: createSinkGates([]),
    record,
    ...plain,
    underWay: async () => [],
    forward: async () => 'delivered',
    onAttempt: () => {},
    onDead: () => {},
    onError,
  });
  stops.push(() => workers.close({ atOnce: false }));
  await vi.waitFor(() => expect(workers.direct.mayTake([])).toBe(true), { timeout: 10_000 });
  return { workers, onError, queues: openQueues(workers.direct) };
}

function openQueues(direct?: Workers['direct']): Queues {
  const queues = createQueues(connection, [], direct);
  stops.push(() => queues.close());
  return queues;
}

const counts = () => queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
const EMPTY = { waiting: 0, active: 0, delayed: 0, failed: 0 };
/** The jobs in Redis, and their locks. */
const jobKeys = () => connection.keys(keys.recordQueue('evt_*'));

it('records what this process received without a worker, and leaves nothing behind', async () => {
  const recorded = vi.fn(async () => {});
  const { queues } = await startRecording(recorded);
  const picked = vi.spyOn(connection, 'evalsha');
  await Promise.all([queues.keep(anEvent('first')), queues.keep(anEvent('second'))]);
  await vi.waitFor(async () => expect(await jobKeys()).toEqual([]), { timeout: 10_000 });
  expect(recorded.mock.calls).toEqual([[anEvent('first')], [anEvent('second')]]);
  expect(await counts()).toEqual(EMPTY);
  expect(picked).toHaveBeenCalledTimes(2); // it is added, and ended
});

it('is durable before it is recorded, as the same job that a worker would get', async () => {
  const recording = deferred();
  const { queues } = await startRecording(() => recording.over);
  stops.push(recording.settle);
  const event = anEvent('one', { records: [], omitted: 3 });
  await queues.keep(event);
  await openQueues().keep(event);
  expect(await counts(), 'it is known').toEqual({ ...EMPTY, active: 1 });
  await openQueues().keep({ ...event, webhookId: 'two' });
  await vi.waitFor(async () => expect(await counts()).toEqual({ ...EMPTY, active: 2 }), { timeout: 10_000 });
  const [direct, byWorker] = [await fieldsOf('evt_one'), await fieldsOf('evt_two')];
  // Counted by a worker when it begins.
  const { ats, processedOn, timestamp, ...fields } = byWorker;
  expect(direct).toEqual({
    ...fields,
    timestamp: expect.any(Number),
    data: { version: 2, events: [event] },
    opts: { ...(fields['opts'] as object), jobId: undefined },
  });
});

/** Of a job, as BullMQ reads them. */
async function fieldsOf(id: string): Promise<Readonly<Record<string, unknown>>> {
  const stored = await connection.hgetall(keys.recordQueue(id));
  return Object.fromEntries(
    Object.entries(stored).map(([name, text]) => [name, name === 'name' ? text : (JSON.parse(text) as unknown)]),
  );
}

it('is repeated by a worker when it fails', async () => {
  const tried: string[] = [];
  const { queues, onError } = await startRecording(async ({ webhookId }) => {
    tried.push(webhookId);
    if (webhookId === 'ill' && tried.filter((id) => id === 'ill').length < 3) throw new Error('a bug');
  });
  await Promise.all([queues.keep(anEvent('well')), queues.keep(anEvent('ill'))]);
  await vi.waitFor(async () => expect(await jobKeys()).toEqual([]), { timeout: 10_000 });
  expect(tried.filter((id) => id === 'ill')).toHaveLength(3);
  expect(onError).toHaveBeenCalledWith(RECORD_QUEUE, new Error('a bug'));
});

it('is taken by a worker when the process that had it has ended', async () => {
  const killed = openQueues({ mayTake: () => true, take: () => {}, close: async () => {} });
  await killed.keep(anEvent('left'));
  expect(await counts()).toEqual({ ...EMPTY, active: 1 });
  await connection.del(keys.recordQueue('evt_left:lock')); // as when its time is over
  const recorded = vi.fn(async () => {});
  await startRecording(recorded);
  await vi.waitFor(() => expect(recorded).toHaveBeenCalledWith(expect.objectContaining({ webhookId: 'left' })), {
    timeout: 20_000,
  });
  await vi.waitFor(async () => expect(await jobKeys()).toEqual([]), { timeout: 10_000 });
});

it('goes on beside a worker when it takes longer than the lock lasts, and neither fails', async () => {
  const recording = deferred();
  const recorded = vi.fn(() => recording.over);
  const { queues, onError } = await startRecording(recorded);
  stops.push(recording.settle);
  await queues.keep(anEvent('slow'));
  await connection.del(keys.recordQueue('evt_slow:lock')); // as when its time is over
  await vi.waitFor(() => expect(recorded).toHaveBeenCalledTimes(2), { timeout: 20_000 });
  recording.settle();
  await vi.waitFor(async () => expect(await jobKeys()).toEqual([]), { timeout: 10_000 });
  expect(recorded.mock.calls).toEqual([[anEvent('slow')], [anEvent('slow')]]);
  expect(await counts()).toEqual(EMPTY);
  expect(onError).not.toHaveBeenCalled();
});

it('leaves a job alone that a worker has taken meanwhile', async () => {
  const recording = deferred();
  const { queues, workers } = await startRecording(() => recording.over);
  await queues.keep(anEvent('slow'));
  await connection.set(keys.recordQueue('evt_slow:lock'), 'of a worker');
  recording.settle();
  await workers.direct.close();
  expect((await jobKeys()).sort()).toEqual([keys.recordQueue('evt_slow'), keys.recordQueue('evt_slow:lock')]);
});

it('waits in the queue while the queue is paused', async () => {
  const recorded = vi.fn(async () => {});
  const { queues } = await startRecording(recorded);
  await queue.pause();
  await queues.keep(anEvent('one'));
  expect((await counts())['active']).toBe(0);
  expect(recorded).not.toHaveBeenCalled();
  await queue.resume();
  await vi.waitFor(() => expect(recorded).toHaveBeenCalledTimes(1), { timeout: 10_000 });
});

it('has opened the queue before a webhook has to wait in it', async () => {
  const { workers } = await startRecording(async () => {});
  const producer = connection.duplicate();
  const opening = vi.spyOn(producer, 'info'); // BullMQ reads the version of Redis then
  const queues = createQueues(producer, [], workers.direct);
  stops.push(
    () => producer.disconnect(),
    () => queues.close(),
  );
  await queues.keep(anEvent('direct'));
  await vi.waitFor(() => expect(opening).toHaveBeenCalled());
  opening.mockClear();
  await workers.direct.close();
  await queues.keep(anEvent('queued'));
  expect(opening).not.toHaveBeenCalled();
});

it('leaves to the queue what has to ask an API, what is too much, and what comes when it closes', async () => {
  const recording = deferred();
  const { queues, workers } = await startRecording(() => recording.over);
  stops.push(recording.settle);
  const { direct } = workers;
  const asking = anEvent('asking', { lookups: [{ kind: 'deployment' }] as unknown as ChangeEvent['lookups'] & {} });
  expect(direct.mayTake([anEvent('plain')])).toBe(true);
  expect(direct.mayTake([anEvent('plain'), asking])).toBe(false);
  for (const job of ['a', 'b'])
    await Promise.all(Array.from({ length: 32 }, (_, at) => queues.keep(anEvent(`${job} ${at}`))));
  await vi.waitFor(() => expect(direct.mayTake([anEvent('plain')])).toBe(false));
  recording.settle();
  await vi.waitFor(() => expect(direct.mayTake([anEvent('plain')])).toBe(true), { timeout: 10_000 });
  await direct.close();
  expect(direct.mayTake([anEvent('plain')])).toBe(false);
});

const reconnect = async () => {
  connection.disconnect(true);
  await connection.ping(); // waits until it is connected again
};

/** The next command that writes is answered on no connection but another one, however busy the machine is. */
async function reconnectSoon(): Promise<void> {
  const other = connection.duplicate();
  await other.call('CLIENT', 'PAUSE', 60_000, 'WRITE');
  setTimeout(() => {
    connection.disconnect(true);
    void other.call('CLIENT', 'UNPAUSE').finally(() => other.disconnect());
  }, 100);
}

for (const [when, replace] of [
  ['while it was recorded', reconnect],
  ['while its job ended', reconnectSoon],
] as const)
  for (const isDirect of [true, false])
    it(`is repeated, ${isDirect ? 'directly' : 'by a worker'}, if Redis may have been replaced ${when}`, async () => {
      let times = 0;
      const { queues } = await startRecording(async () => {
        times += 1;
        if (times === 1) await replace();
      });
      await (isDirect ? queues : openQueues()).keep(anEvent('one'));
      await vi.waitFor(() => expect(times).toBe(2), { timeout: 20_000 });
      await vi.waitFor(async () => expect(await jobKeys()).toEqual([]), { timeout: 10_000 });
      expect(times).toBe(2);
    });

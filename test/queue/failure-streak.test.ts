import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { DeliveryFailed, type Retry } from '../../src/domain/errors.ts';
import { forwardQueueName, JOB_VERSION } from '../../src/queue/queues.ts';
import { createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers } from '../../src/queue/workers.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { aSink } from '../support/a-sink.ts';
import { startTestRedis } from '../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let sink: Awaited<ReturnType<typeof startSink>>;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.stop());
afterAll(() => server.stop());

/** The workers of one sink, whose answer to every deployment a test decides. Deliveries come one after the other. */
async function startSink() {
  const connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
  await connection.flushall();
  const answers = new Map<string, Retry | 'fine'>();
  const attempts: { deployment: string; outcome: string }[] = [];
  const buoy = aSink({ concurrency: 1 });
  const parts = {
    connection,
    sinks: [buoy],
    gates: createSinkGates([buoy]),
    record: async () => {},
    underWay: async () => [],
    leaveToWorker: async () => {},
    keepAlone: async () => {},
    forward: async (_: Sink, deployment: string) => {
      const retry = answers.get(deployment) ?? 'fine';
      if (retry === 'fine') return 'delivered' as const;
      throw new DeliveryFailed(`${deployment} failed`, { retry });
    },
    onAttempt: (attempt: { deployment: string; outcome: string }) => void attempts.push(attempt),
    onDead: () => {},
    onError: () => {},
  };
  const workers = createWorkers(parts);
  const queue = new Queue(forwardQueueName(buoy.name), { connection, prefix: PREFIX });
  const answer = (deployments: readonly string[], retry: Retry | 'fine') => {
    for (const deployment of deployments) answers.set(deployment, retry);
  };
  const attemptsOf = (deployment: string) =>
    attempts.filter((attempt) => attempt.deployment === deployment).map(({ outcome }) => outcome);
  return {
    attemptsOf,
    isHeldUntilMs: () => workers.holds()['buoy']?.until.getTime(),
    answer,
    /** One delivery after the other, each until its first attempt is over. */
    async send(deployments: readonly string[], retry: Retry | 'fine') {
      answer(deployments, retry);
      for (const deployment of deployments) {
        const data = { version: JOB_VERSION, deployment, source: 'gitlab' };
        await queue.add('deployment', data, { attempts: 9, backoff: { type: 'custom' } });
        await vi.waitFor(() => expect(attemptsOf(deployment)).not.toEqual([]), { timeout: 10_000 });
      }
    },
    async stop() {
      await workers.close({ atOnce: false });
      await queue.close();
      connection.disconnect();
    },
  };
}

it('three deployments that fail in a row pause the whole sink, for a second at first', async () => {
  await sink.send(['one', 'two'], 'backoff');
  expect(sink.isHeldUntilMs()).toBeUndefined();
  await sink.send(['three'], 'backoff');
  expect(sink.attemptsOf('three')[0]).toBe('hold');
  expect(sink.isHeldUntilMs()).toBeLessThanOrEqual(Date.now() + 1_000);
});

it('one deployment that fails again and again does not delay others', async () => {
  await sink.send(['one'], 'backoff');
  await vi.waitFor(() => expect(sink.attemptsOf('one').length).toBeGreaterThanOrEqual(3), { timeout: 5_000 });
  expect(new Set(sink.attemptsOf('one'))).toEqual(new Set(['retry']));
  expect(sink.isHeldUntilMs()).toBeUndefined();
});

it('rejected deliveries do not count as failures of the sink', async () => {
  await sink.send(['one', 'two', 'three'], 'never');
  await sink.send(['four'], 'backoff');
  expect(sink.attemptsOf('three')).toEqual(['dead']);
  expect(sink.attemptsOf('four')[0]).toBe('retry');
});

it('a success in between resets the count', async () => {
  await sink.send(['one', 'two'], 'backoff');
  sink.answer(['one', 'two'], 'fine');
  await sink.send(['three'], 'fine');
  await sink.send(['four'], 'backoff');
  expect(sink.attemptsOf('four')[0]).toBe('retry');
});

it('a sink that was paused is healthy after its first success', async () => {
  await sink.send(['one', 'two', 'three'], 'backoff');
  sink.answer(['one', 'two', 'three'], 'fine');
  await vi.waitFor(() => expect(sink.attemptsOf('three')).toContain('delivered'), { timeout: 4_000 });
  expect(sink.isHeldUntilMs()).toBeUndefined();
  await sink.send(['four'], 'backoff');
  expect(sink.attemptsOf('four')[0]).toBe('retry');
});

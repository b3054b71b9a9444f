import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { DeliveryFailed, type Retry } from '../../src/domain/errors.ts';
import type { DeploymentView } from '../../src/domain/view.ts';
import { createFirstAttempts } from '../../src/queue/first-attempt.ts';
import { createQueues } from '../../src/queue/queues.ts';
import { createSinkGate, createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers } from '../../src/queue/workers.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { aSink } from '../support/a-sink.ts';
import { deferred } from '../support/deferred.ts';
import { aDeployment } from '../support/deployment.ts';
import { startTestRedis } from '../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let bridge: Awaited<ReturnType<typeof startDelivering>>;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  bridge = await startDelivering();
});
afterEach(() => bridge.stop());
afterAll(() => server.stop());

const NEW = { afterMs: 0, isNew: true };
/** Long enough that nothing is given up while a test runs. */
const PATIENT_MS = 600_000;

/** First attempts and the worker of one sink. Each test says how the destination answers. */
async function startDelivering({ ratePerMinute }: { ratePerMinute?: number } = {}) {
  const connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
  await connection.flushall();
  const sink = aSink({ ratePerMinute });
  const requests: string[] = [];
  const outcomes: string[] = [];
  const died: string[] = [];
  let answer: () => Promise<void> = async () => {};
  const forward = async (_: Sink, key: string) => {
    requests.push(key);
    await answer();
    return 'delivered' as const;
  };
  const queues = createQueues(connection, [sink.name]);
  const gates = createSinkGates([sink]);
  const onAttempt = ({ outcome }: { outcome: string }) => void outcomes.push(outcome);
  const startWorkers = () =>
    createWorkers({
      connection,
      sinks: [sink],
      gates,
      record: async () => {},
      underWay: async () => [],
      leaveToWorker: async () => {},
      keepAlone: async () => {},
      forward,
      onAttempt,
      onDead: ({ kind }) => void died.push(kind),
      onError: () => {},
    });
  const workers: ReturnType<typeof startWorkers>[] = [];
  const attempts = (waitMs: number) =>
    createFirstAttempts({
      gates,
      forward,
      enqueue: queues.forward,
      addFailure: queues.addFirstFailure,
      onAttempt,
      waitMs,
    });
  const patient = attempts(PATIENT_MS);
  return {
    requests,
    outcomes,
    died,
    attempts,
    deliver: (view: DeploymentView, options = NEW) => patient.deliver(sink, view, options),
    deliverBy: (by: ReturnType<typeof attempts>, view: DeploymentView) => by.deliver(sink, view, NEW),
    close: () => patient.close(),
    answering(by: () => Promise<void>) {
      answer = by;
    },
    failing(retry: Retry) {
      answer = async () => {
        throw new DeliveryFailed('the harbor is closed', { retry, status: 503 });
      };
    },
    work: () => void workers.push(startWorkers()),
    queued: async () => (await queues.backlog())['forward-buoy']?.waiting,
    async stop() {
      answer = async () => {};
      await patient.close();
      for (const one of workers) await one.close({ atOnce: false });
      await queues.close();
      connection.disconnect();
    },
  };
}

const view = (key: string): DeploymentView =>
  ({ deployment: aDeployment({ key }), lineage: 'harbor', heardAt: '2026-03-01T10:00:00.000Z' }) as DeploymentView;

it('delivers a new state immediately, without a job', async () => {
  await bridge.deliver(view('one'));
  expect(bridge.outcomes).toEqual(['delivered']);
  expect(await bridge.queued()).toBe(0);
});

it('queues a state that was recorded before, and one that has to wait', async () => {
  await bridge.deliver(view('known'), { afterMs: 0, isNew: false });
  await bridge.deliver(view('early'), { afterMs: PATIENT_MS, isNew: true });
  expect(bridge.requests).toEqual([]);
  expect(await bridge.queued()).toBe(2);
});

it('queues deliveries to a destination with a rate limit, as the queue counts for all processes', async () => {
  const limited = await startDelivering({ ratePerMinute: 60 });
  await limited.deliver(view('one'));
  expect(limited.requests).toEqual([]);
  expect(await limited.queued()).toBe(1);
  await limited.stop();
});

it('counts a failure as the first attempt of its job', async () => {
  bridge.failing('backoff');
  await bridge.deliver(view('one'));
  expect(await bridge.queued()).toBe(1);
  bridge.answering(async () => {});
  bridge.work();
  await vi.waitFor(() => expect(bridge.outcomes).toEqual(['retry', 'delivered']), { timeout: 10_000 });
  expect(bridge.requests).toEqual(['one', 'one']);
});

it('makes a dead letter of a permanent refusal, without a second request', async () => {
  bridge.failing('never');
  await bridge.deliver(view('one'));
  bridge.work();
  await vi.waitFor(() => expect(bridge.died).toEqual(['refused']), { timeout: 10_000 });
  expect(bridge.requests).toEqual(['one']);
  expect(bridge.outcomes).toEqual(['dead']);
});

it('makes no attempt at a destination that has just failed', async () => {
  bridge.failing({ afterMs: PATIENT_MS, hold: 'sink' });
  await bridge.deliver(view('one'));
  await bridge.deliver(view('two'));
  expect(bridge.requests).toEqual(['one']);
  expect(await bridge.queued()).toBe(2);
});

it('queues what waits for a destination that fails meanwhile', async () => {
  bridge.failing('backoff');
  await Promise.all(Array.from({ length: 4 }, (_, at) => bridge.deliver(view(`harbor ${at}`))));
  expect(bridge.requests).toEqual(['harbor 0', 'harbor 1']);
  expect(await bridge.queued()).toBe(4);
});

it('queues a delivery that takes too long, and starts no attempt that was given up', async () => {
  const answers = deferred();
  bridge.answering(() => answers.over);
  const hurried = bridge.attempts(1);
  await Promise.all(['one', 'two', 'three'].map((key) => bridge.deliverBy(hurried, view(key))));
  expect(bridge.requests).toEqual(['one', 'two']);
  expect(await bridge.queued()).toBe(3);
  answers.settle();
  await hurried.close();
  expect(bridge.requests).toEqual(['one', 'two']);
});

it('makes a dead letter of a refusal that came after the delivery was queued, without a second request', async () => {
  const answers = deferred();
  bridge.answering(async () => {
    await answers.over;
    throw new DeliveryFailed('the harbor is closed', { retry: 'never', status: 422 });
  });
  const hurried = bridge.attempts(1);
  await Promise.all([bridge.deliverBy(hurried, view('one')), bridge.deliverBy(hurried, view('one'))]);
  expect(await bridge.queued()).toBe(1);
  answers.settle();
  await hurried.close();
  bridge.work();
  await vi.waitFor(() => expect(bridge.died).toEqual(['refused']));
  expect(bridge.requests).toEqual(['one']);
});

it('makes one attempt if the same state is reported twice at once', async () => {
  const answers = deferred();
  bridge.answering(() => answers.over);
  const both = Promise.all([bridge.deliver(view('one')), bridge.deliver(view('one'))]);
  answers.settle();
  await both;
  expect(bridge.requests).toEqual(['one']);
});

it('makes no job for a repeat during the attempt: a refused delivery is sent once', async () => {
  const answers = deferred();
  bridge.answering(async () => {
    await answers.over;
    throw new DeliveryFailed('the harbor is closed', { retry: 'never', status: 422 });
  });
  const both = Promise.all([bridge.deliver(view('one')), bridge.deliver(view('one'), { afterMs: 0, isNew: false })]);
  bridge.work();
  answers.settle();
  await both;
  await vi.waitFor(() => expect(bridge.died).toEqual(['refused']), { timeout: 10_000 });
  expect(bridge.requests).toEqual(['one']);
});

it('makes no attempt if a repeat was queued first', async () => {
  await bridge.deliver(view('one'), { afterMs: 0, isNew: false });
  await bridge.deliver(view('one'));
  expect(bridge.requests).toEqual([]);
  expect(await bridge.queued()).toBe(1);
});

it('lets few recorders wait for one destination, and queues all further deliveries', async () => {
  const answers = deferred();
  bridge.answering(() => answers.over);
  const keys = Array.from({ length: 10 }, (_, at) => `harbor ${at}`);
  const all = keys.map((key) => bridge.deliver(view(key)));
  await vi.waitFor(async () => expect(await bridge.queued()).toBe(6), { timeout: 10_000 });
  answers.settle();
  await Promise.all(all);
  expect(bridge.requests).toEqual(keys.slice(0, 4));
});

it('lets more recorders wait after quick deliveries, and few again after a slow one', async () => {
  let nowMs = 1_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const waitingOf = async (name: string, tookMs: number) => {
    const answers = deferred();
    bridge.answering(() => answers.over);
    const before = bridge.requests.length;
    const all = Array.from({ length: 20 }, (_, at) => bridge.deliver(view(`${name} ${at}`)));
    nowMs += tookMs;
    answers.settle();
    await Promise.all(all);
    return bridge.requests.length - before;
  };
  try {
    for (let at = 0; at < 6; at++) await bridge.deliver(view(`quick ${at}`));
    expect(await waitingOf('slow', 101)).toBe(10);
    expect(await waitingOf('few', 99)).toBe(4);
    expect(await waitingOf('more', 99)).toBe(8);
  } finally {
    clock.mockRestore();
  }
});

it('lets only few recorders wait long where many may', async () => {
  for (let at = 0; at < 6; at++) await bridge.deliver(view(`quick ${at}`));
  const answers = deferred();
  bridge.answering(() => answers.over);
  const all = Array.from({ length: 10 }, (_, at) => bridge.deliver(view(`slow ${at}`)));
  await vi.waitFor(async () => expect(await bridge.queued()).toBeGreaterThanOrEqual(6), { timeout: 10_000 });
  await Promise.all(all.slice(4));
  expect(await bridge.queued()).toBe(6);
  answers.settle();
  await Promise.all(all);
});

it('waits for attempts under way when it closes, and queues all further deliveries', async () => {
  const answers = deferred();
  bridge.answering(() => answers.over);
  const delivered = bridge.deliver(view('one'));
  const closed = bridge.close().then(() => expect(bridge.outcomes).toEqual(['delivered']));
  await bridge.deliver(view('two'));
  expect(bridge.requests).toEqual(['one']);
  answers.settle();
  await Promise.all([delivered, closed]);
});

it('makes all deliveries, and never more than `concurrency` at a time together with the worker', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ turns: fc.nat(5), fails: fc.boolean() }), { maxLength: 20 }),
      async (concurrency, deliveries) => {
        const gate = createSinkGate(concurrency);
        let underWay = 0;
        let done = 0;
        const run = ({ turns, fails }: { turns: number; fails: boolean }) =>
          gate.run(async () => {
            underWay += 1;
            expect(underWay).toBeLessThanOrEqual(concurrency);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            underWay -= 1;
            done += 1;
            if (fails) throw new Error('refused');
          });
        await Promise.allSettled(deliveries.map(run));
        expect(done).toBe(deliveries.length);
      },
    ),
  );
});

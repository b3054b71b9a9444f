import { Queue } from 'bullmq';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { limiterOf } from '../../src/queue/limiter.ts';
import { forwardQueueName, JOB_VERSION } from '../../src/queue/queues.ts';
import { createSinkGates } from '../../src/queue/sink-gate.ts';
import { createWorkers } from '../../src/queue/workers.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { startTestRedis } from '../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

describe('the rate of a sink', () => {
  it("is enforced by windows that allow no more in a minute, and at most two windows' worth at any moment", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), (ratePerMinute) => {
        const { max, duration } = limiterOf(ratePerMinute);
        expect((max / duration) * 60_000).toBeLessThanOrEqual(ratePerMinute);
        expect(max).toBeLessThanOrEqual(Math.max(1, ratePerMinute / 600));
      }),
    );
  });

  it('is one limit for all processes', async () => {
    const connection = new Redis({ ...server.address, maxRetriesPerRequest: null });
    const sink: Sink = {
      type: 'buoy',
      productName: 'Buoy',
      name: 'buoy',
      secrets: [],
      concurrency: 5,
      ratePerMinute: 1,
      takenBy: 'status',
      wants: () => ({ wanted: true }),
      deliver: async () => ({ message: 'ok' }),
      preview: () => ({ method: 'POST', url: 'https://buoy.example', headers: {}, body: null }),
      check: async () => 'ok',
    };
    const attempted: string[] = [];
    const queue = new Queue(forwardQueueName(sink.name), { connection, prefix: PREFIX });
    const deployments = ['a', 'b', 'c'];
    for (const deployment of deployments)
      await queue.add('deployment', { version: JOB_VERSION, deployment, source: 'gitlab' });
    const start = () =>
      createWorkers({
        connection,
        sinks: [sink],
        gates: createSinkGates([sink]),
        record: async () => {},
        underWay: async () => [],
        leaveToWorker: async () => {},
        keepAlone: async () => {},
        forward: async (_, deployment) => {
          attempted.push(deployment);
          return 'delivered';
        },
        onAttempt: () => {},
        onDead: () => {},
        onError: () => {},
      });
    const processes = [start(), start()];
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(attempted).toHaveLength(count), { timeout: 10_000 });
      expect(await queue.getRateLimitTtl(1)).toBeGreaterThan(0);
      if (count < 3) await queue.removeRateLimitKey();
    }
    await Promise.all(processes.map((one) => one.close({ atOnce: false })));
    await queue.close();
    connection.disconnect();
  });
});

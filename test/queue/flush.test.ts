import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFlush } from '../../src/queue/flush.ts';
import { inspectRedis } from '../../src/queue/inspect.ts';
import { startTestRedis } from '../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
beforeEach(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
});
afterEach(async () => {
  redis.disconnect();
  await server.stop();
});

it('trusts a Redis that fsyncs every write', async () => {
  await redis.config('SET', 'appendfsync', 'always');
  await redis.set('webhook', 'kept');
  await createFlush(redis).begin()();
  await server.kill9();
  await server.restart();
  expect(await redis.get('webhook')).toBe('kept');
});

it('waits for a Redis that fsyncs every second, or fails if it cannot wait', async () => {
  await redis.set('webhook', 'kept');
  const { knowsWaitAof } = await inspectRedis(redis);
  if (knowsWaitAof) await createFlush(redis).begin()();
  else await expect(createFlush(redis).begin()()).rejects.toThrow(/durability is fsync.*appendfsync always.*7\.2/);
});

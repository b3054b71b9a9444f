import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFlush, createSameConnection } from '../../src/queue/flush.ts';
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

it('fails when the connection changed while a webhook was written: the new server may lack a part', async () => {
  await redis.set('webhook', 'kept');
  const flush = createSameConnection(redis);
  await flush.begin()();
  const flushed = flush.begin();
  await server.kill9();
  await server.restart();
  await redis.ping(); // waits until it is connected again
  await expect(flushed()).rejects.toThrow('the connection to Redis changed');
  await flush.begin()();
});

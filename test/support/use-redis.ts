import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startTestRedis } from './redis.ts';

/** A client of a Redis of this file's own, which is empty before each test. */
export function useRedis(): Redis {
  const redis = new Redis({ lazyConnect: true });
  let server: Awaited<ReturnType<typeof startTestRedis>>;
  beforeAll(async () => {
    server = await startTestRedis();
    redis.options.path = server.address.path; // it has none before it is started
    await redis.connect();
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return redis;
}

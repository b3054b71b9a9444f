import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findText } from '../../../src/store/changes/text-search.ts';
import { keys } from '../../../src/store/keys.ts';
import { startTestRedis } from '../../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let other: Redis;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  other = new Redis(server.address.path);
});
afterAll(async () => {
  redis.disconnect();
  other.disconnect();
  await server.stop();
});

it('finds all that stay while others leave the index', async () => {
  const index = '{shiplog}:changes:status:running';
  const names = Array.from({ length: 4_500 }, (_, at) => `job:${at}`);
  await redis.zadd(index, ...names.flatMap((name, at) => [-at, name]));
  await redis.hset(keys.searchTerms(), ...names.flatMap((name) => [name, 'lamp\n']));
  const leaving = names.slice(0, 20);
  const slice = { index, min: '-inf', max: '+inf' };
  const search = findText(redis, slice, { text: 'lamp', read: async () => [] });
  for (const name of leaving) await other.zrem(index, name);
  const found = new Set(await search);
  expect(names.slice(leaving.length).filter((name) => !found.has(name))).toEqual([]);
});

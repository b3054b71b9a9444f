import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ChangeSelection } from '../../../src/store/changes/filter.ts';
import { find } from '../../../src/store/changes/find.ts';
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
beforeEach(async () => {
  await redis.flushall();
});
afterAll(async () => {
  redis.disconnect();
  other.disconnect();
  await server.stop();
});

const namesOf = async (selection: ChangeSelection, between: () => Promise<unknown> = async () => {}) => {
  const found: string[] = [];
  for await (const { names } of find(redis, selection)) {
    found.push(...names);
    await between();
  }
  return found;
};

it('finds all unchanged entries while others are added and removed', async () => {
  const index = keys.facet('status', 'running');
  const names = Array.from({ length: 4_500 }, (_, at) => `job:${at}`);
  await redis.zadd(index, ...names.flatMap((name, at) => [-at, name]));
  await redis.hset(keys.searchTerms(), ...names.flatMap((name) => [name, 'lamp\n']));
  const leaving = names.slice(0, 20);
  let step = 0;
  const between = async () => {
    if (step < leaving.length) await other.zrem(index, ...leaving.slice(step, step + 5));
    await other.zadd(index, ...names.slice(0, 30).flatMap((name, at) => [at + 1, `${step}-${name}`]));
    step += 5;
  };
  const found = await namesOf({ facets: { status: 'running' }, text: 'lamp' }, between);
  expect(found).toEqual(names);
});

it('handles more entries of one time than one step reads', async () => {
  const names = Array.from({ length: 2_500 }, (_, at) => `job:${String(at).padStart(4, '0')}`).toReversed();
  for (const service of ['api', 'web']) {
    const own = names.filter((_, at) => service === 'api' || at % 3 === 0);
    await redis.zadd(keys.facet('service', service), ...own.flatMap((name) => [7, name]));
  }
  expect(await namesOf({ facets: { service: 'api' } })).toEqual(names);
  expect(await namesOf({ facets: { service: ['web', 'api'] } })).toEqual(names);
});

it('reads many indexes of one facet like one', async () => {
  const Member = fc.record({ service: fc.nat(29), score: fc.nat(40), team: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.array(Member, { minLength: 200, maxLength: 900, size: 'max' }), async (members) => {
      await redis.flushall();
      const named = members.map((one, at) => ({ ...one, name: `job:${String(at).padStart(3, '0')}` }));
      const write = redis.pipeline();
      for (const { name, service, score, team } of named) {
        write.zadd(keys.facet('service', `s${service}`), score, name);
        write.zadd(keys.facet('service', `s${(service + 1) % 30}`), score, name); // its service and its service id
        write.zadd(keys.facet('person', `p${team}`), score, name);
      }
      await write.exec();
      const services = Array.from({ length: 30 }, (_, at) => `s${at}`);
      const wanted = named
        .filter(({ team }) => team !== 1)
        .sort((a, b) => b.score - a.score || (a.name < b.name ? 1 : -1))
        .map(({ name }) => name);
      expect(await namesOf({ facets: { service: services, person: ['p0', 'p2'] } })).toEqual(wanted);
    }),
    { numRuns: 10 },
  );
});

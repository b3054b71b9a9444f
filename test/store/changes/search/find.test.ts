import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { group } from '../../../../src/store/changes/packed/index-blocks.ts';
import type { ChangeSelection } from '../../../../src/store/changes/search/filter.ts';
import { find } from '../../../../src/store/changes/search/find.ts';
import { createSearch } from '../../../../src/store/changes/search/search.ts';
import { keys } from '../../../../src/store/keys.ts';
import { startTestRedis } from '../../../support/redis.ts';

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

interface Member {
  readonly service: number;
  readonly person: number;
  readonly isFailed: boolean;
  readonly isPacked: boolean;
  readonly atMs: number;
}

/** Each in its indexes; those that are packed are in blocks there, as far as they fill any. */
async function store(members: readonly Member[]): Promise<readonly string[]> {
  await redis.flushall();
  const names = members.map(({ isPacked }, at) => `${isPacked ? '~' : 'job:'}${at.toString(36)}`);
  const indexesOf = ({ service, person, isFailed }: Member) => [
    keys.facet('service', `s${service}`),
    keys.facet('person', `p${person}`),
    ...(isFailed ? [keys.facet('status', 'failed')] : []),
  ];
  const write = redis.pipeline();
  for (const [at, member] of members.entries())
    for (const index of indexesOf(member)) write.zadd(index, member.atMs, names[at] ?? '');
  await write.exec();
  for (const index of new Set(members.flatMap(indexesOf))) await group(redis, index);
  return names;
}

const FROM_MS = 1_770_000_000_000;
const Members = fc.array(
  fc.record({
    service: fc.constantFrom(0, 0, 0, 1, 2),
    person: fc.constantFrom(0, 0, 1),
    isFailed: fc.constantFrom(false, false, false, true),
    isPacked: fc.constantFrom(true, true, true, true, true, true, true, false),
    atMs: fc.integer({ min: FROM_MS, max: FROM_MS + 2_000 }),
  }),
  { minLength: 300, maxLength: 1_500, size: 'max' },
);
const Wish = fc.record(
  {
    service: fc.constantFrom<readonly number[]>([0], [1], [2, 0], [1, 2]),
    person: fc.constantFrom<readonly number[]>([0], [1], [1, 0]),
    status: fc.constant('failed'),
    sinceMs: fc.integer({ min: FROM_MS - 1, max: FROM_MS + 2_001 }),
    untilMs: fc.integer({ min: FROM_MS - 1, max: FROM_MS + 2_001 }),
  },
  { requiredKeys: ['service'] },
);

it('finds what going through all finds, in the same order, packed or not', async () => {
  const property = fc.asyncProperty(
    Members,
    fc.array(Wish, { minLength: 8, maxLength: 8 }),
    async (members, wishes) => {
      const names = await store(members);
      const sorted = members
        .map((member, at) => ({ ...member, name: names[at] ?? '' }))
        .sort((a, b) => b.atMs - a.atMs || (a.name < b.name ? 1 : -1));
      for (const { service, person, status, ...span } of wishes) {
        const { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = span;
        const wanted = sorted
          .filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs)
          .filter((one) => service.includes(one.service) && (person?.includes(one.person) ?? true))
          .filter(({ isFailed }) => isFailed || status === undefined)
          .map(({ name }) => name);
        const facets = {
          service: service.map((one) => `s${one}`),
          ...(person && { person: person.map((one) => `p${one}`) }),
          ...(status !== undefined && { status }),
        };
        expect(await namesOf({ facets, ...span })).toEqual(wanted);
        const options = { wanted: 20, isCounted: false };
        const page = await createSearch(redis, async () => [])({ facets, ...span }, options);
        expect(page.names.slice(0, 20)).toEqual(wanted.slice(0, 20));
        expect(page.total).toBe(wanted.length); // so few are always counted
      }
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

it('reads no more than a page needs where there are many', async () => {
  const member = (at: number) => ({ service: 0, person: at % 2, isFailed: false, isPacked: true, atMs: FROM_MS + at });
  await store(Array.from({ length: 5_000 }, (_, at) => member(at)));
  const selection = { facets: { service: 's0', person: 'p1' } };
  expect(await createSearch(redis, async () => [])(selection, { wanted: 20 })).toMatchObject({ total: 2_500 });
  await store(Array.from({ length: 10_000 }, (_, at) => member(at)));
  const { names, total, stopped } = await createSearch(redis, async () => [])(selection, { wanted: 20 });
  expect(names[0]).toBe(`~${(9_999).toString(36)}`);
  expect(total).toBe(stopped?.count);
  expect(total).toBeLessThan(200);
});

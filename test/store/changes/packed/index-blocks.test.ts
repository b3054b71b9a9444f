import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../../src/domain/deployment.ts';
import {
  countIn,
  group,
  leaving,
  packedIndexOf,
  ungroupOldest,
} from '../../../../src/store/changes/packed/index-blocks.ts';
import type { ChangeSelection } from '../../../../src/store/changes/search/filter.ts';
import { find } from '../../../../src/store/changes/search/find.ts';
import { list } from '../../../../src/store/changes/search/query.ts';
import { createSearch } from '../../../../src/store/changes/search/search.ts';
import { swap } from '../../../../src/store/changes/swap.ts';
import { keys } from '../../../../src/store/keys.ts';
import { useRedis } from '../../../support/use-redis.ts';

const redis = useRedis();

const INDEX = keys.facet('service', 'crane');
const OTHERS = [keys.facet('person', 'mira'), keys.facet('service', 'pilot')];

interface Entry {
  readonly name: string;
  readonly score: number;
}

/** Of what is read only the name counts here. */
const readNames = async (names: readonly string[]) => names.map((key) => ({ key }) as Deployment);

async function pageOf(offset: number, limit: number, span: { sinceMs?: number; untilMs?: number } = {}) {
  const search = createSearch(redis, readNames);
  const listed = await list(
    { redis, search, read: readNames },
    { facets: { service: 'crane' }, offset, limit, ...span },
  );
  return { names: listed.deployments.map(({ key }) => key), total: listed.total };
}

async function foundIn(facets: ChangeSelection['facets'], span: { sinceMs?: number; untilMs?: number } = {}) {
  const found: string[] = [];
  for await (const { names } of find(redis, { facets, ...span })) found.push(...names);
  return found;
}

const newestFirst = (entries: readonly Entry[]): string[] =>
  entries.toSorted((a, b) => b.score - a.score || (a.name < b.name ? 1 : -1)).map(({ name }) => name);

const write = (index: string, entries: readonly Entry[]) =>
  redis.zadd(index, ...entries.flatMap(({ name, score }) => [score, name]));

const packedOnes = (count: number, from = 0): Entry[] =>
  Array.from({ length: count }, (_, at) => ({
    name: `~${(from + at).toString(36)}`,
    score: 1_770_000_000_000 + at * 7,
  }));

describe('an index of packed deployments', () => {
  it('needs a sixth of the memory', async () => {
    await write(INDEX, packedOnes(1_000));
    const bytes = async () => {
      const sizes = await Promise.all((await redis.keys('*')).map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
      return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    };
    const before = await bytes();
    await group(redis, INDEX);
    expect(await bytes()).toBeLessThan(before / 6);
    expect(await redis.zcard(packedIndexOf(INDEX))).toBe(20);
    expect((await pageOf(0, 1_000)).names).toEqual(newestFirst(packedOnes(1_000)));
  });

  it('leaves unpacked entries, and single ones between two blocks', async () => {
    await write(INDEX, packedOnes(120));
    await group(redis, INDEX);
    const late = [
      { name: '^late', score: 1_770_000_000_000 + 5 },
      { name: 'job:1', score: 1_770_000_000_000 + 6 },
    ];
    await write(INDEX, late);
    await group(redis, INDEX);
    expect(await redis.zcard(packedIndexOf(INDEX))).toBe(2);
    expect((await pageOf(0, 200)).names).toEqual(newestFirst([...packedOnes(120), ...late]));
  });

  it('ungroups the oldest for retention, and no more', async () => {
    await write(INDEX, packedOnes(300));
    await group(redis, INDEX);
    await ungroupOldest(redis, INDEX, { beforeMs: 1_770_000_000_000 + 60 * 7, most: 1_000, least: 0 });
    expect(await redis.zcard(INDEX)).toBe(100);
    await ungroupOldest(redis, INDEX, { beforeMs: 0, most: 0, least: 10 });
    expect(await redis.zcard(INDEX)).toBe(150);
    expect((await pageOf(0, 1_000)).names).toEqual(newestFirst(packedOnes(300)));
  });

  it('does not group more entries of one time than fit into a block', async () => {
    const same = packedOnes(170).map((one, at) => (at < 60 || at > 130 ? one : { ...one, score: 1_770_000_000_500 }));
    await write(INDEX, same);
    await group(redis, INDEX);
    expect(await countIn(redis, INDEX)).toEqual({ newer: 0, count: 170 });
    expect(new Set((await pageOf(0, 200)).names)).toEqual(new Set(same.map(({ name }) => name)));
  });
});

it('is read as if it had no blocks, whatever is added, packed and deleted', { timeout: 60_000 }, async () => {
  const entry = fc.record({
    at: fc.nat(120).map((n) => 1_770_000_000_000 + n * 11),
    kind: fc.constantFrom('~', '^', '~', 'job:'),
    isMira: fc.boolean(),
  });
  const steps = fc.array(
    fc.record({
      come: fc.array(entry, { maxLength: 160, size: 'max' }),
      go: fc.array(fc.nat(999), { maxLength: 5 }),
      ask: fc.record({
        from: fc.nat(120),
        width: fc.nat(120),
        offset: fc.nat(200),
        limit: fc.integer({ min: 1, max: 90 }),
      }),
    }),
    { minLength: 2, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      await redis.flushall();
      const known = new Map<string, Entry & { readonly isMira: boolean }>();
      let number = 0;
      for (const { come, go, ask } of all) {
        for (const { at, kind, isMira } of come) {
          number += 1;
          known.set(`${kind}${number.toString(36)}`, { name: `${kind}${number.toString(36)}`, score: at, isMira });
        }
        const fresh = [...known.values()].slice(-come.length || known.size);
        if (come.length > 0) await write(INDEX, fresh);
        const ofMira = fresh.filter(({ isMira }) => isMira);
        if (ofMira.length > 0) await Promise.all(OTHERS.map((index) => write(index, ofMira)));
        await Promise.all([INDEX, ...OTHERS].map((index) => group(redis, index)));
        for (const which of go) {
          const one = [...known.values()][which % Math.max(known.size, 1)];
          if (!one) continue;
          known.delete(one.name);
          await swap(
            redis,
            [],
            [INDEX, ...OTHERS].flatMap((index) => leaving(index, { id: one.name, score: one.score })),
          );
        }
        await expectSame([...known.values()], ask);
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

interface Asked {
  readonly from: number;
  readonly width: number;
  readonly offset: number;
  readonly limit: number;
}

async function expectSame(known: readonly (Entry & { readonly isMira: boolean })[], { from, width, ...page }: Asked) {
  const [sinceMs, untilMs] = [1_770_000_000_000 + from * 11, 1_770_000_000_000 + (from + width) * 11];
  const within = known.filter(({ score }) => score >= sinceMs && score <= untilMs);
  expect((await pageOf(0, 1_000)).names).toEqual(newestFirst(known));
  expect(await pageOf(page.offset, page.limit)).toEqual({
    names: newestFirst(known).slice(page.offset, page.offset + page.limit),
    total: known.length,
  });
  expect(await pageOf(0, 1_000, { sinceMs, untilMs })).toEqual({ names: newestFirst(within), total: within.length });
  for (const service of ['crane', ['crane', 'pilot']])
    expect(await foundIn({ service }, { sinceMs, untilMs })).toEqual(newestFirst(within));
  const both = within.filter(({ isMira }) => isMira);
  expect(await foundIn({ service: 'crane', person: 'mira' }, { sinceMs, untilMs })).toEqual(newestFirst(both));
}

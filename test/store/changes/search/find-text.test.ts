import fc from 'fast-check';
import { expect, it } from 'vitest';
import { group, packedIndexOf } from '../../../../src/store/changes/packed/index-blocks.ts';
import { findText, packedTexts } from '../../../../src/store/changes/search/find-text.ts';
import { addToTextIndex, forgetTexts, IN_PART, textParts } from '../../../../src/store/changes/search/text-index.ts';
import { keys } from '../../../../src/store/keys.ts';
import { useRedis } from '../../../support/use-redis.ts';

const redis = useRedis();

const FACET = keys.facet('service', 'crane');

interface Stored {
  /** The number of its id; undefined: it is not packed. */
  readonly number?: number | undefined;
  readonly hasSucceeded: boolean;
  readonly isOfCrane: boolean;
  readonly atMs: number;
  readonly terms: string;
  /** Its words are stored. */
  readonly isStored: boolean;
  /** The text index knows it. */
  readonly isKnown: boolean;
}

const nameOf = ({ number, hasSucceeded, atMs, terms }: Stored): string =>
  number === undefined ? `job:${atMs}:${terms}` : `${hasSucceeded ? '~' : '^'}${number.toString(36)}`;

async function store(all: readonly Stored[]): Promise<void> {
  await redis.flushall();
  const names = all.map(nameOf);
  const packed = all.filter(({ number }) => number !== undefined);
  await Promise.all([
    ...packed.filter(({ isKnown }) => isKnown).map((one) => index(nameOf(one), one)),
    redis.set(keys.lastPackedId(), Math.max(0, ...packed.map(({ number = 0 }) => number))),
    redis.zadd(keys.changes(), ...all.flatMap(({ atMs }, at) => [atMs, names[at] ?? ''])),
    ...all.map((one) => (one.isOfCrane ? redis.zadd(FACET, one.atMs, nameOf(one)) : 0)),
    ...all.map((one) => (one.isStored ? redis.hset(keys.searchTerms(), nameOf(one), one.terms) : 0)),
    redis.hset(keys.timeline(), ...all.flatMap(({ atMs }, at) => [names[at] ?? '', `${atMs}\nsucceeded`])),
  ]);
  for (const each of [keys.changes(), FACET]) await group(redis, each);
}

const index = (id: string, { isStored, terms, atMs }: Stored) =>
  addToTextIndex(redis, id, { terms: isStored ? terms : undefined, atMs });

interface Wish {
  readonly word: string;
  readonly isOfCrane?: boolean;
  readonly span?: { readonly min: number | string; readonly max: number | string };
}

async function search({ word, isOfCrane = false, span = { min: '-inf', max: '+inf' } }: Wish) {
  const packed = await packedTexts(redis, [word]);
  if (!packed) return undefined;
  const groups = [[isOfCrane ? FACET : keys.changes()]];
  const question = { groups, span, words: [`~${word}`], isSure: true };
  const found: string[] = [];
  const unsure = new Set<string>();
  for await (const step of findText(redis, question, { ...packed, passed: new Set() })) {
    found.push(...step.names);
    for (const name of step.unsure) unsure.add(name);
  }
  return { found, unsure };
}

const newestFirst = (a: Stored, b: Stored) => b.atMs - a.atMs || (nameOf(a) < nameOf(b) ? 1 : -1);

/** Numbers in three parts of the index, and words that have much in common. */
const Number36 = fc.oneof(
  fc.integer({ min: 1, max: 80 }),
  fc.integer({ min: IN_PART - 40, max: IN_PART + 40 }),
  fc.integer({ min: 3 * IN_PART, max: 3 * IN_PART + 9 }),
);
const Word = fc.stringMatching(/^(?:lamp|pier|ägir)[a-c]{0,4}(?:lamp|pier)?$/);
const mostly = fc.integer({ min: 0, max: 9 }).map((roll) => roll > 0);
const One = fc.record({
  number: fc.option(Number36, { nil: undefined, freq: 6 }),
  hasSucceeded: fc.boolean(),
  isOfCrane: fc.boolean(),
  atMs: fc.integer({ min: 1_770_000_000_000, max: 1_770_000_000_200 }),
  terms: fc.array(Word, { minLength: 1, maxLength: 3 }).map((words) => `${words.join('\n')}\n`),
  isStored: mostly,
  isKnown: mostly,
});
const All = fc.uniqueArray(One, {
  minLength: 1,
  maxLength: 60,
  selector: (one) => one.number ?? nameOf(one),
});

it('finds what reading all would find, in the same order, however it is stored', async () => {
  await fc.assert(
    fc.asyncProperty(All, Word, fc.boolean(), fc.integer({ min: 0, max: 200 }), async (all, word, isOfCrane, from) => {
      await store(all);
      const min = 1_770_000_000_000 + from;
      const result = await search({ word, isOfCrane, span: { min, max: '+inf' } });
      if (!result) return; // nothing is packed
      const wanted = all
        .filter((one) => (one.isOfCrane || !isOfCrane) && one.atMs >= min)
        .filter((one) => one.terms.includes(word) || !one.isStored)
        .toSorted(newestFirst);
      expect(result.found).toEqual(wanted.map(nameOf));
      expect([...result.unsure].sort()).toEqual(
        wanted
          .filter(({ isStored }) => !isStored)
          .map(nameOf)
          .sort(),
      );
    }),
    { numRuns: 30 },
  );
});

const some = (count: number, at: (index: number) => Partial<Stored>): Stored[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ number: index + 1, hasSucceeded: true, isOfCrane: false, atMs: 1_770_000_000_000 + index, terms: 'pier\n' },
    ...{ isStored: true, isKnown: true, ...at(index) },
  }));

it('checks few others for a rare word', async () => {
  await store(some(1_000, (index) => ({ terms: index === 77 ? 'lantern\n' : `pier-${index}\n` })));
  const commands = async () => /cmdstat_hmget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1];
  await redis.config('RESETSTAT');
  expect(await search({ word: 'lantern' })).toEqual({ found: [`~${(78).toString(36)}`], unsure: new Set() });
  expect(Number(await commands())).toBeLessThan(8);
  expect(await redis.zcard(packedIndexOf(keys.changes()))).toBe(20); // so many fifties were not read
});

it('finds each once of what is packed while it searches', async () => {
  const singles = some(2_500, (index) => ({ number: undefined, terms: `lamp-${index}\n` }));
  await store([...singles, ...some(60, (index) => ({ atMs: 1_760_000_000_000 + index, terms: 'lamp-old\n' }))]);
  const packed = await packedTexts(redis, ['lamp']);
  if (!packed) throw new Error('nothing is packed');
  const question = { groups: [[keys.changes()]], span: { min: '-inf', max: '+inf' }, words: ['~lamp'], isSure: true };
  const found: string[] = [];
  let number = 60;
  for await (const { names } of findText(redis, question, { ...packed, passed: new Set() })) {
    found.push(...names);
    if (number > 100) continue;
    for (const one of singles.slice(0, 50)) {
      number += 1;
      const id = nameOf({ ...one, number });
      await index(id, one);
      await redis.zrem(keys.changes(), nameOf(one));
      await redis.zadd(keys.changes(), one.atMs, id);
      await redis.hset(keys.searchTerms(), id, one.terms);
      await redis.hset(keys.timeline(), id, `${one.atMs}\nsucceeded`);
    }
    await redis.set(keys.lastPackedId(), number);
  }
  expect(found).toHaveLength(2_560);
  expect(new Set(found).size).toBe(2_560);
  expect(found.slice(2_450, 2_500).toSorted()).toEqual(
    Array.from({ length: 50 }, (_, at) => `~${(61 + at).toString(36)}`).toSorted(),
  );
});

it('deletes a part when all its deployments are gone, and reads it no more', async () => {
  await store(some(3, (index) => ({ number: index * IN_PART + 5, terms: 'lamp\n' })));
  await forgetTexts(redis);
  expect(await redis.keys(keys.textIndex('*'))).toHaveLength(3);
  await redis.zrem(keys.changes(), '~5');
  await forgetTexts(redis);
  expect((await redis.keys(keys.textIndex('*'))).sort()).toEqual([keys.textIndex('1'), keys.textIndex('2')]);
  expect((await textParts(redis, 2 * IN_PART + 5)).map(({ part }) => part)).toEqual([1, 2]);
});

import type { Redis } from 'ioredis';
import { keys } from '../../keys.ts';
import { createScript } from '../../script.ts';
import { packedIndexOf } from '../packed/index-blocks.ts';
import { isPackedId } from '../packed/packed-names.ts';
import { type FoundStep, type From, findStep, namesIn, type Question } from './find-step.ts';
import { IN_PART, partOf, rowsOf, textParts } from './text-index.ts';

/** What the text index (text-index.ts) is asked for. */
export interface PackedTexts {
  /** The rows of all words that have any. */
  readonly rows: Buffer;
  /** The number of the deployment that was packed last. */
  readonly lastNumber: number;
}

/** Undefined: the text index is of no use, as the words are too short, or nothing is packed. */
export async function packedTexts(redis: Redis, words: readonly string[]): Promise<PackedTexts | undefined> {
  const rows = Buffer.concat(words.map(rowsOf));
  const lastNumber = rows.length === 0 ? 0 : await lastPacked(redis);
  return lastNumber === 0 ? undefined : { rows, lastNumber };
}

const lastPacked = async (redis: Redis): Promise<number> => Number((await redis.get(keys.lastPackedId())) ?? 0);

const findTextIn = createScript('find-text');

/** Redis checks this many in one or two milliseconds. */
const STEP = 1_000;
/** Parts in which nothing may match take a tenth of a millisecond. */
const PARTS_AT_ONCE = 16;

interface Match {
  readonly name: string;
  readonly atMs: number;
  readonly isUnsure: boolean;
}

/** A part of all deployments. */
interface Source {
  /** Nothing newer is in the rest of it; -Infinity: it is done. */
  boundMs: number;
  step(): Promise<{ readonly matches: readonly Match[]; readonly looked: number }>;
}

/**
 * Searches those that are not packed, and those parts of the packed ones that may match. A part holds what was
 * packed in the same days, not what is of the same days: a match is returned when nothing newer is left anywhere.
 */
export async function* findText(
  redis: Redis,
  question: Question,
  packed: PackedTexts & { readonly passed: ReadonlySet<string> },
): AsyncGenerator<FoundStep> {
  const { rows } = packed;
  const singles = singleSource(redis, question);
  const parts = await textParts(redis, packed.lastNumber);
  const sources: Source[] = [
    singles,
    ...parts.map(({ part, newestMs }) => {
      const last = Math.min(packed.lastNumber, (part + 1) * IN_PART - 1);
      return packedSource(redis, question, { rows, first: part * IN_PART, last, boundMs: newestMs });
    }),
  ];
  const pending = new Map<string, Match>();
  let { lastNumber } = packed;
  let width = 1;
  for (;;) {
    const from = singles.boundMs;
    const done = await stepNewest(sources, width);
    // What was packed meanwhile is not among those that are not packed any more.
    const last = await lastPacked(redis);
    const late = from === Number.NEGATIVE_INFINITY ? [] : rangesOf(lastNumber + 1, last);
    sources.push(...late.map((range) => packedSource(redis, atMost(question, from), { rows, ...range })));
    lastNumber = last;
    const matches = done.flatMap((one) => one.matches).filter(({ name }) => !packed.passed.has(name));
    for (const match of matches) pending.set(match.name, match);
    width = matches.length > 0 ? 1 : Math.min(2 * width, PARTS_AT_ONCE);
    const boundMs = Math.max(...sources.map((source) => source.boundMs));
    const ready = [...pending.values()].filter(({ atMs }) => atMs > boundMs).sort(newestFirst);
    for (const { name } of ready) pending.delete(name);
    const isWhole = boundMs === Number.NEGATIVE_INFINITY;
    yield {
      names: ready.map(({ name }) => name),
      unsure: new Set(ready.filter(({ isUnsure }) => isUnsure).map(({ name }) => name)),
      looked: done.reduce((sum, { looked }) => sum + looked, 0),
      ...(!isWhole && { reachedMs: boundMs }),
    };
    if (isWhole) return;
  }
}

/** The same question about what is not newer than that. */
export function atMost(question: Question, highest: number | string): Question {
  const max = highest === Number.POSITIVE_INFINITY ? question.span.max : highest;
  return { ...question, span: { ...question.span, max } };
}

/** As an index has them. */
const newestFirst = (a: Match, b: Match): number => b.atMs - a.atMs || (a.name < b.name ? 1 : -1);

/** Those that may have the newest. */
function stepNewest(sources: readonly Source[], width: number) {
  const open = sources.filter(({ boundMs }) => boundMs > Number.NEGATIVE_INFINITY);
  const next = open.toSorted((a, b) => b.boundMs - a.boundMs).slice(0, width);
  return Promise.all(next.map((source) => source.step()));
}

/** Those that are not packed. They are in no block of the index of all. */
function singleSource(redis: Redis, question: Question): Source {
  const groups = [[keys.changes()], ...question.groups.filter(([index]) => index !== keys.changes())];
  let from: From = { highest: question.span.max, seen: 0 };
  const source: Source = {
    boundMs: Number.POSITIVE_INFINITY,
    async step() {
      const options = { ...from, limit: STEP, isSingle: true };
      const { names, unsure, looked, times, next } = await findStep(redis, { ...question, groups }, options);
      source.boundMs = next ? Number(next.highest) : Number.NEGATIVE_INFINITY;
      from = next ?? from;
      const matches = names.map((name, at) => ({ name, atMs: times[at] ?? 0, isUnsure: unsure.has(name) }));
      return { matches: matches.filter(({ name }) => !isPackedId(name)), looked };
    },
  };
  return source;
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly boundMs: number;
}

function packedSource(
  redis: Redis,
  question: Question,
  { rows, first, last, boundMs }: Range & { readonly rows: Buffer },
) {
  const { words, isSure, span } = question;
  const part = partOf(first);
  const groups = question.groups.filter(([index]) => index !== keys.changes());
  const indexes = groups.flat().flatMap((index) => [index, packedIndexOf(index)]);
  const sizes = groups.map((group) => group.length);
  let place = last - part * IN_PART;
  const source: Source = {
    boundMs,
    async step() {
      const where = [part * IN_PART, place, first - part * IN_PART, STEP, span.max, span.min, rows];
      const touched = [keys.searchTerms(), keys.timeline(), keys.textIndex(String(part)), ...indexes];
      const reply = await findTextIn(redis, touched, ...where, groups.length, ...sizes, ...words);
      const [next, ...rest] = reply as [number, ...string[]]; // the script's reply
      const looked = place - Math.max(next, first - part * IN_PART - 1);
      place = next;
      if (next < 0) source.boundMs = Number.NEGATIVE_INFINITY;
      const found = rest.filter((_, at) => at % 2 === 0);
      const { names, unsure } = namesIn(found, isSure);
      const matches = names.map((name, at) => ({ name, atMs: Number(rest[2 * at + 1]), isUnsure: unsure.has(name) }));
      return { matches, looked };
    },
  };
  return source;
}

/** Ranges of ids, each in one part. */
function rangesOf(first: number, last: number): Range[] {
  const ranges: Range[] = [];
  for (let from = first; from <= last; ) {
    const to = Math.min(last, (partOf(from) + 1) * IN_PART - 1);
    ranges.push({ first: from, last: to, boundMs: Number.POSITIVE_INFINITY });
    from = to + 1;
  }
  return ranges;
}

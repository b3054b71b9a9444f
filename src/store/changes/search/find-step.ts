import type { Redis } from 'ioredis';
import { keys } from '../../keys.ts';
import { createScript } from '../../script.ts';
import { packedIndexOf } from '../packed/index-blocks.ts';

/** One step of a search, newest first. */
export interface FoundStep {
  readonly names: readonly string[];
  /** Those of them that can only be decided by the whole deployment. */
  readonly unsure: ReadonlySet<string>;
  readonly looked: number;
  /** At most so many are left to check; undefined: that is not known. */
  readonly left?: number;
  /** Time of the last one that was checked (epoch ms); undefined: none is left. */
  readonly reachedMs?: number;
}

/** What a search asks the scripts for. */
export interface Question {
  /** The indexes of each facet. */
  readonly groups: readonly string[][];
  readonly span: Span;
  /** As the scripts take them. */
  readonly words: readonly string[];
  /** Redis can decide all of it. */
  readonly isSure: boolean;
}

export interface Span {
  readonly min: number | string;
  readonly max: number | string;
}

const findChanges = createScript('find-changes');
/** Where a step begins. */
export interface From {
  readonly highest: number | string;
  /** How many with that score were checked before. */
  readonly seen: number;
}

export interface Step extends FoundStep {
  /** Of the names (epoch ms), for those that are single. */
  readonly times: readonly number[];
  /** Where the next step begins; absent: there is none. */
  readonly next?: From;
}

interface StepOptions extends From {
  readonly limit: number;
  /** Those in blocks of the first facet are left out. */
  readonly isSingle?: boolean;
}

/** Of an index that is never put into blocks. */
const noBlocks = (): string => packedIndexOf(keys.dropped());

export async function findStep(
  redis: Redis,
  { groups, span, words, isSure }: Question,
  { highest, seen, limit, isSingle = false }: StepOptions,
): Promise<Step> {
  const blocksOf = (index: string, at: number) => (isSingle && at === 0 ? noBlocks() : packedIndexOf(index));
  const indexes = groups.flatMap((group, at) => group.flatMap((index) => [index, blocksOf(index, at)]));
  const sizes = groups.map((group) => group.length);
  const args = [highest, seen, span.min, limit, isSingle ? 1 : 0, groups.length, ...sizes, ...words];
  const reply = await findChanges(redis, [keys.searchTerms(), ...indexes], ...args);
  const [looked, last, ofLast, found, scores] = reply as [number, string, number, string[], string[]]; // the script's
  const next = last !== '' && { reachedMs: Number(last), next: { highest: last, seen: ofLast } };
  return { looked, ...namesIn(found, isSure), times: scores.map(Number), ...next };
}

/** @param found each prefixed with `+`, or with `?` when Redis does not know */
export function namesIn(found: readonly string[], isSure: boolean): Pick<FoundStep, 'names' | 'unsure'> {
  const names = found.map((one) => one.slice(1));
  return { names, unsure: new Set(isSure ? names.filter((_, at) => found[at]?.startsWith('?')) : names) };
}

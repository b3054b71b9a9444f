import type { Redis } from 'ioredis';
import type { Deployment } from '../../domain/deployment.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { createTextMatch, termsOf } from './search-terms.ts';
import { ranksOf, type Slice } from './timeline.ts';

const findTerms = createScript('find-terms');

/** Redis looks through so many in one to two milliseconds, and serves webhooks between two pages. */
const PAGE = 1_000;
/** Looked at again with the next page: what leaves the index meanwhile moves all that is older up. */
const OVERLAP = 20;
/** Redis looks for so many words; more are looked for here, in what has these. */
const MAX_WORDS = 16;

export interface TextQuery {
  readonly text: string;
  /** Of each. */
  readonly read: (names: readonly string[]) => Promise<readonly (Deployment | undefined)[]>;
}

/** The keys of those in a slice that hold a text, newest first. */
export async function findText(redis: Redis, slice: Slice, { text, read }: TextQuery): Promise<readonly string[]> {
  const terms = termsOf(text);
  const { newer, count } = await ranksOf(redis, slice);
  const end = newer + count;
  const isSure = new Map<string, boolean>();
  for (let at = newer; at < end; at += PAGE) {
    const ranks = [Math.max(newer, at - OVERLAP), Math.min(at + PAGE, end) - 1];
    const page = await findTerms(redis, [slice.index, keys.searchTerms()], ...ranks, ...terms.slice(0, MAX_WORDS));
    // The shape that the script returns.
    for (const one of page as string[]) isSure.set(one.slice(1), one.startsWith('+') && terms.length <= MAX_WORDS);
  }
  const unsure = [...isSure.keys()].filter((name) => !isSure.get(name));
  const matches = createTextMatch(text);
  const deployments = await read(unsure);
  const matching = new Set(
    unsure.filter((_, at) => {
      const one = deployments[at];
      return one !== undefined && matches(one);
    }),
  );
  return [...isSure.keys()].filter((name) => isSure.get(name) || matching.has(name));
}

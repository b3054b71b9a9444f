import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { keys } from '../keys.ts';
import type { ChangeSelection } from './filter.ts';
import { find } from './find.ts';
import { createFit, type ReadEach } from './fit.ts';

/** How far a search came that did not look through everything. */
export interface Stopped {
  /** So many were looked through, newest first. */
  readonly count: number;
  /** Epoch milliseconds of the last of them. */
  readonly reachedMs: number;
}

export interface SearchResult {
  /** What stands in the indexes, newest first, of those after the first `skip`. */
  readonly names: readonly string[];
  /** Of all that were found, also those that are not named. */
  readonly total: number;
  readonly stopped?: Stopped;
}

export interface SearchOptions {
  /** It goes on until so many are found, or for as long as a reader waits. */
  readonly wanted: number;
  /** Then it goes on for a while, to count and to draw the others. */
  readonly isCounted?: boolean;
  /** So many of the newest are counted, not named. */
  readonly skip?: number;
  /** Finds again what was found before, where something is gone. */
  readonly isAnew?: boolean;
}

export type Search = (selection: ChangeSelection, options: SearchOptions) => Promise<SearchResult>;

/** Of one search: some megabytes. The timeline draws no more. */
export const MAX_NAMED = 100_000;
/** Half a million or more are looked through in it. A reader waits no longer, and Redis has other work. */
const SEARCH_MS = 3_000;
/** About as long as it takes to read 100,000 of the timeline. */
const COUNT_MS = 300;
/** A hundredth of a second: the total of what is not frequent is right, and the other is at least this. */
const LEAST_STEPS = 5;
/** The pages of a list and its timeline ask the same. */
const KEPT_SEARCHES = 4;

/** @param nowMs a clock that only goes forward */
export function createSearch(redis: Redis, read: ReadEach, nowMs: () => number = () => performance.now()): Search {
  const kept = new LRUCache<string, Progress>({ max: KEPT_SEARCHES });
  return async (selection, { wanted, isCounted = false, skip = 0, isAnew = false }) => {
    const version = (await redis.get(keys.changesVersion())) ?? '0'; // what changes meanwhile makes another version
    const { facets, sinceMs, untilMs, text } = selection;
    const question = JSON.stringify([version, facets, sinceMs, untilMs, text, skip]);
    const known = isAnew ? undefined : kept.get(question);
    const progress = known ?? createProgress(find(redis, selection), { fits: createFit(selection), read, skip });
    kept.set(question, progress);
    const endMs = nowMs() + SEARCH_MS;
    const countedMs = endMs - SEARCH_MS + COUNT_MS;
    const isEnough = ({ total, steps }: Progress['found'], ms: number) =>
      ms > endMs || (total >= wanted && (isCounted ? ms > countedMs : steps >= LEAST_STEPS));
    try {
      while (!progress.found.isWhole && !isEnough(progress.found, nowMs())) await progress.step();
    } catch (error) {
      kept.delete(question); // Redis was away: the next one asks again
      throw error;
    }
    return progress.result();
  };
}

/** A search that goes on where it stopped. */
interface Progress {
  readonly found: {
    readonly names: readonly string[];
    readonly total: number;
    readonly count: number;
    readonly steps: number;
    readonly reachedMs: number;
    readonly isWhole: boolean;
  };
  /** One step further. Those who ask meanwhile wait for the same. */
  step(): Promise<void>;
  result(): SearchResult;
}

interface ProgressParts {
  readonly fits: ReturnType<typeof createFit>;
  readonly read: ReadEach;
  readonly skip: number;
}

function createProgress(steps: ReturnType<typeof find>, { fits, read, skip }: ProgressParts): Progress {
  const found = { names: [] as string[], total: 0, count: 0, steps: 0, reachedMs: 0, isWhole: false };
  const takeStep = async () => {
    const { done, value } = await steps.next();
    if (done) {
      found.isWhole = true;
      return;
    }
    const { names, unsure, looked, reachedMs } = value;
    const misfits = await misfitsAmong([...unsure], fits, read);
    const fitting = names.filter((name) => !misfits.has(name));
    const named = fitting.slice(Math.max(0, skip - found.total)).slice(0, MAX_NAMED - found.names.length);
    for (const name of named) found.names.push(name);
    found.total += fitting.length;
    found.count += looked;
    found.steps += 1;
    found.isWhole = reachedMs === undefined;
    found.reachedMs = reachedMs ?? found.reachedMs;
  };
  let underWay: Promise<void> | undefined;
  return {
    found,
    step() {
      underWay ??= takeStep().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    result() {
      const { names, total, count, reachedMs, isWhole } = found;
      return { names, total, ...(!isWhole && { stopped: { count, reachedMs } }) };
    },
  };
}

async function misfitsAmong(
  names: readonly string[],
  fits: ReturnType<typeof createFit>,
  read: ReadEach,
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const deployments = await read(names);
  return new Set(
    names.filter((_, at) => {
      const one = deployments[at];
      return one === undefined || !fits(one);
    }),
  );
}

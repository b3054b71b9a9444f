import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { keys } from '../../keys.ts';
import type { ChangeSelection } from './filter.ts';
import { find } from './find.ts';
import { createFit, type ReadEach } from './fit.ts';

/** How far a search got that did not search everything. */
export interface Stopped {
  /** How many were searched, newest first. */
  readonly count: number;
  /** Epoch milliseconds of the last of them. */
  readonly reachedMs: number;
}

export interface SearchResult {
  /** Index entries, newest first, after the first `skip`. */
  readonly names: readonly string[];
  /** The number of all matches, including those without a name here. */
  readonly total: number;
  readonly stopped?: Stopped;
}

export interface SearchOptions {
  /** The search ends when this many are found, or a reader has waited long enough. */
  readonly wanted: number;
  /** Then it continues for a while, to count and to draw the others. */
  readonly isCounted?: boolean;
  /** This many of the newest matches are counted, not named. */
  readonly skip?: number;
  /** Searches again what was found before, where something has been deleted. */
  readonly isAnew?: boolean;
}

export type Search = (selection: ChangeSelection, options: SearchOptions) => Promise<SearchResult>;

/** Limit of one search: some megabytes. The timeline draws no more. */
export const MAX_NAMED = 100_000;
/** Half a million or more are searched in this time. A reader waits no longer, and Redis has other work. */
const SEARCH_MS = 3_000;
/** About as long as it takes to read 100,000 entries of the timeline. */
const COUNT_MS = 300;
/** A few milliseconds: the total of rare values is exact, any other total is a lower bound. */
const COUNTED_REST = 3_000;
/** The pages of a list and its timeline make the same search. */
const KEPT_SEARCHES = 4;

/** @param nowMs a monotonic clock */
export function createSearch(redis: Redis, read: ReadEach, nowMs: () => number = () => performance.now()): Search {
  const kept = new LRUCache<string, Progress>({ max: KEPT_SEARCHES });
  return async (selection, { wanted, isCounted = false, skip = 0, isAnew = false }) => {
    const version = (await redis.get(keys.changesVersion())) ?? '0'; // what changes meanwhile makes another version
    const { facets, sinceMs, untilMs, text, deployment, staleAt } = selection;
    const question = JSON.stringify([version, facets, sinceMs, untilMs, text, deployment, staleAt, skip]);
    const known = isAnew ? undefined : kept.get(question);
    const progress = known ?? createProgress(find(redis, selection), { fits: createFit(selection), read, skip });
    kept.set(question, progress);
    const endMs = nowMs() + SEARCH_MS;
    const countedMs = endMs - SEARCH_MS + COUNT_MS;
    const isEnough = ({ total, isFar }: Progress['found'], ms: number) =>
      ms > endMs || (total >= wanted && (isCounted ? ms > countedMs : isFar));
    try {
      while (!progress.found.isWhole && !isEnough(progress.found, nowMs())) await progress.step();
    } catch (error) {
      kept.delete(question); // Redis was away: the next search asks again
      throw error;
    }
    return progress.result();
  };
}

/** A search that continues where it stopped. */
interface Progress {
  readonly found: {
    readonly names: readonly string[];
    readonly total: number;
    readonly count: number;
    /** More are left than are counted for the total alone. */
    readonly isFar: boolean;
    readonly reachedMs: number;
    readonly isWhole: boolean;
  };
  /** One step further. Concurrent callers wait for the same step. */
  step(): Promise<void>;
  result(): SearchResult;
}

interface ProgressParts {
  readonly fits: ReturnType<typeof createFit>;
  readonly read: ReadEach;
  readonly skip: number;
}

function createProgress(steps: ReturnType<typeof find>, { fits, read, skip }: ProgressParts): Progress {
  const found = { names: [] as string[], total: 0, count: 0, isFar: true, reachedMs: 0, isWhole: false };
  const takeStep = async () => {
    const { done, value } = await steps.next();
    if (done) {
      found.isWhole = true;
      return;
    }
    const { names, unsure, looked, left, reachedMs } = value;
    const misfits = await misfitsAmong([...unsure], fits, read);
    const fitting = names.filter((name) => !misfits.has(name));
    const named = fitting.slice(Math.max(0, skip - found.total)).slice(0, MAX_NAMED - found.names.length);
    for (const name of named) found.names.push(name);
    found.total += fitting.length;
    found.count += looked;
    found.isFar = left === undefined ? found.count >= COUNTED_REST : left > COUNTED_REST;
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

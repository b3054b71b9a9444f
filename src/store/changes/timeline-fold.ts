import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import type { ChangeFilter } from './query.ts';

/**
 * A value computed from a timeline. That of two parts, one right after the other in time, can be merged into that of
 * the whole.
 */
export interface TimelineSum<Sum> {
  /** @param entries newest first */
  of(entries: readonly LazyTimelineEntry[]): Sum;
  merge(newer: Sum, older: Sum): Sum;
}

/** The part of the change log (deployments.ts) that it reads. */
export interface TimelineReads {
  version(): Promise<string>;
  timeline(filter: Pick<ChangeFilter, 'facets' | 'sinceMs'>, limit?: number): Promise<readonly LazyTimelineEntry[]>;
  list(filter: ChangeFilter): Promise<{ readonly total: number }>;
}

/** This many of the newest are read again whenever anything changes: a few milliseconds. */
const NEWEST = 250;
/** With this many the older part is computed again. */
const MOST_NEWEST = 16 * NEWEST;
/**
 * The older part is read again when an entry was added to it or left it, and otherwise after this time: entries that
 * change in place there are old deployments that rules judge again.
 */
const OLDER_MS = 30_000;

interface OlderPart<Sum> {
  /** Epoch milliseconds; all before it are in the older part. */
  readonly beforeMs: number;
  readonly count: number;
  readonly sum: Sum;
  readonly readAtMs: number;
  readonly version: string;
}

/**
 * The value for everything that is kept, at the cost of the newest part: 100,000 changes are not read again for each
 * change.
 * @param nowMs a monotonic clock
 */
export function createTimelineFold<Sum>(
  { version, timeline, list }: TimelineReads,
  sums: TimelineSum<Sum>,
  nowMs: () => number = () => performance.now(),
): () => Promise<Sum> {
  let older: OlderPart<Sum> | undefined;
  let cached: { readonly version: string; readonly sum: Promise<Sum> } | undefined;

  const countBefore = async (ms: number) => (await list({ facets: {}, untilMs: ms - 1, limit: 0, offset: 0 })).total;

  async function readAll(now: string): Promise<Sum> {
    const entries = await timeline({ facets: {} }, Number.MAX_SAFE_INTEGER);
    const beforeMs = entries[NEWEST]?.atMs ?? Number.NEGATIVE_INFINITY;
    const newest = entries.findIndex(({ atMs }) => atMs < beforeMs);
    const [fresh, rest] = newest < 0 ? [entries, []] : [entries.slice(0, newest), entries.slice(newest)];
    // Counted as it will be counted again: an earlier release may have written no entry for some.
    const count = rest.length === 0 ? 0 : await countBefore(beforeMs);
    older = { beforeMs, count, sum: sums.of(rest), readAtMs: nowMs(), version: now };
    return sums.merge(sums.of(fresh), older.sum);
  }

  async function read(now: string): Promise<Sum> {
    const part = older;
    if (!part || part.count === 0 || nowMs() - part.readAtMs > OLDER_MS) return readAll(now);
    const [fresh, count] = await Promise.all([
      timeline({ facets: {}, sinceMs: part.beforeMs }, MOST_NEWEST + 1),
      countBefore(part.beforeMs),
    ]);
    if (count !== part.count || fresh.length > MOST_NEWEST) return readAll(now);
    return sums.merge(sums.of(fresh), part.sum);
  }

  return async () => {
    const now = await version(); // before the reading: what changes meanwhile makes another version
    const isOld = older !== undefined && older.version !== now && nowMs() - older.readAtMs > OLDER_MS;
    if (cached?.version === now && !isOld) return cached.sum;
    const made = { version: now, sum: read(now) };
    cached = made;
    made.sum.catch(() => {
      if (cached === made) cached = undefined; // Redis was away: the next one asks again
    });
    return made.sum;
  };
}

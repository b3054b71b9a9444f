import type { LazyTimelineEntry } from '../../../domain/timeline-entry.ts';
import { inParts } from '../../../values/in-parts.ts';
import { HOUR_MS } from '../../../values/units.ts';
import type { ChangeFilter } from '../search/query.ts';
import type { EntryChange } from './entry-changes.ts';

/** A value computed from all timeline entries. */
export interface TimelineSum<Sum> {
  /** How many of the newest it is computed from; absent: all. */
  readonly most?: number;
  /** @param entries newest first */
  of(entries: readonly LazyTimelineEntry[]): Sum | Promise<Sum>;
  /**
   * The value after these changes, in their order; `sum` itself stays as it is.
   * @returns undefined when it can only be computed from all entries
   */
  apply(sum: Sum, changes: readonly EntryChange[]): Sum | undefined;
}

/** The part of the change log (deployments.ts) that it reads. */
export interface TimelineReads {
  version(): Promise<string>;
  changed(from: string, to: string): Promise<readonly EntryChange[] | undefined>;
  timeline(filter: Pick<ChangeFilter, 'facets'>, limit?: number): Promise<readonly LazyTimelineEntry[]>;
}

/**
 * All is read again after this time, for whatever else may have made it wrong: a server that may not be asked for its
 * id can have another history after a failover.
 */
const READ_AGAIN_MS = HOUR_MS;

interface Known<Sum> {
  readonly version: string;
  readonly sum: Sum;
  readonly readAtMs: number;
}

export interface TimelineFold<Sum> {
  read(): Promise<Sum>;
  /** Undefined: all entries would have to be read, or are being read. */
  current(): Promise<Sum | undefined>;
}

/**
 * The value for everything that is kept, at the cost of what has changed: 100,000 entries are not read again for each
 * change, whoever wrote it.
 * @param nowMs a monotonic clock
 */
export function createTimelineFold<Sum>(
  { version, changed, timeline }: TimelineReads,
  sums: TimelineSum<Sum>,
  nowMs: () => number = () => performance.now(),
): TimelineFold<Sum> {
  let known: Known<Sum> | undefined;
  let cached: { readonly version: string; readonly sum: Promise<Sum> } | undefined;

  async function readAll(from: string): Promise<Sum> {
    known = undefined;
    const readAtMs = nowMs();
    const entries = await timeline({ facets: {} }, sums.most ?? Number.MAX_SAFE_INTEGER);
    const to = await version();
    const meanwhile = await changed(from, to);
    // Read page by page: where entries moved away meanwhile, others may have been passed over.
    const read = await inOrder(entries);
    if (!meanwhile || meanwhile.some(isLoss)) return await sums.of(read);
    const sum = await sums.of(await withChanges(read, meanwhile));
    known = { version: to, sum, readAtMs };
    return sum;
  }

  async function update(now: string): Promise<Sum | undefined> {
    const before = known;
    if (!before || nowMs() - before.readAtMs > READ_AGAIN_MS) return undefined;
    const changes = await changed(before.version, now);
    const sum = changes && sums.apply(before.sum, changes);
    if (sum !== undefined) known = { ...before, version: now, sum };
    return sum;
  }

  return {
    async read() {
      const now = await version(); // before the reading: what changes meanwhile makes another version
      if (cached?.version === now) return cached.sum;
      const made = { version: now, sum: update(now).then((sum) => sum ?? readAll(now)) };
      cached = made;
      made.sum.catch(() => {
        if (cached === made) cached = undefined; // Redis was away: the next one asks again
      });
      return made.sum;
    },
    async current() {
      const now = await version();
      return known?.version === now ? known.sum : update(now);
    },
  };
}

const isLoss = ({ before, after }: EntryChange): boolean =>
  before !== undefined && (after === undefined || after.atMs < before.atMs);

/** Without those that were read twice, because newer ones came in between two pages. */
async function inOrder(entries: readonly LazyTimelineEntry[]): Promise<readonly LazyTimelineEntry[]> {
  let lastMs = Number.POSITIVE_INFINITY;
  let first: LazyTimelineEntry | undefined;
  let keysAtOnce = new Set<string>();
  const isNext = (entry: LazyTimelineEntry): boolean => {
    if (entry.atMs > lastMs) return false;
    if (entry.atMs < lastMs) {
      lastMs = entry.atMs;
      first = entry;
      keysAtOnce = new Set();
      return true;
    }
    if (first) keysAtOnce.add(first.entry().key);
    const { key } = entry.entry();
    if (keysAtOnce.has(key)) return false;
    keysAtOnce.add(key);
    return true;
  };
  const found: LazyTimelineEntry[] = [];
  await inParts(entries, (entry) => void (isNext(entry) && found.push(entry)));
  return found;
}

/**
 * Some of them may have been read already: then at the time of one of their versions. Of a million, only those at such
 * a time are unpacked.
 */
async function withChanges(
  entries: readonly LazyTimelineEntry[],
  changes: readonly EntryChange[],
): Promise<readonly LazyTimelineEntry[]> {
  const latest = new Map<string, LazyTimelineEntry | undefined>();
  const times = new Set<number>();
  for (const { before, after } of changes) {
    if (before) latest.set(before.entry().key, undefined);
    if (after) latest.set(after.entry().key, after);
    for (const version of [before, after]) if (version) times.add(version.atMs);
  }
  const added = [...latest.values()].filter((one) => one !== undefined).sort((a, b) => b.atMs - a.atMs);
  const all: LazyTimelineEntry[] = [];
  let at = 0;
  const addNewerThan = (atMs: number) => {
    for (let next = added[at]; next && next.atMs > atMs; next = added[++at]) all.push(next);
  };
  await inParts(entries, (entry) => {
    if (times.has(entry.atMs) && latest.has(entry.entry().key)) return;
    addNewerThan(entry.atMs);
    all.push(entry);
  });
  addNewerThan(Number.NEGATIVE_INFINITY);
  return all;
}

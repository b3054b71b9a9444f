import type { LazyTimelineEntry } from '../../../domain/timeline-entry.ts';
import { keys } from '../../keys.ts';
import type { ChangeSelection } from '../search/filter.ts';
import { singleIndex, spanOf } from '../search/find.ts';
import type { Span } from '../search/find-step.ts';
import { MAX_TIMELINE_ENTRIES } from './timeline.ts';
import { createTimelineFold, type TimelineReads, type TimelineSum } from './timeline-fold.ts';

interface Limits {
  /** A hundred bytes each, and their text. */
  readonly most: number;
  /** With fewer left of more, all are read again. A timeline draws as many. */
  readonly least: number;
  /** A change copies the entries of one block. */
  readonly inBlock: number;
}
const LIMITS: Limits = { most: 1.1 * MAX_TIMELINE_ENTRIES, least: MAX_TIMELINE_ENTRIES, inBlock: 1_000 };

/** Not empty, the newest first. */
type Block = readonly LazyTimelineEntry[];

/** A copy of the newest timeline entries. */
interface Newest {
  readonly blocks: readonly Block[];
  /** There are more than are kept. */
  readonly isCut: boolean;
}

const newestWithin = ({ most, least, inBlock }: Limits): TimelineSum<Newest> => ({
  most,
  of(entries) {
    const starts = Array.from({ length: Math.ceil(entries.length / inBlock) }, (_, at) => at * inBlock);
    return { blocks: starts.map((from) => entries.slice(from, from + inBlock)), isCut: entries.length >= most };
  },
  apply(newest, changes) {
    const blocks = [...newest.blocks];
    for (const { before, after } of changes) {
      if (before && !remove(blocks, before) && !isBeyond(newest, before)) return undefined;
      if (after && !isBeyond(newest, after)) insert(blocks, after, inBlock);
    }
    const isCut = dropOldest(blocks, most) || newest.isCut;
    return isCut && countIn(blocks) < least ? undefined : { blocks, isCut };
  },
});

const countIn = (blocks: readonly Block[]): number => blocks.reduce((sum, block) => sum + block.length, 0);

/** @returns false when nothing had to go */
function dropOldest(blocks: Block[], most: number): boolean {
  const before = blocks.length;
  let count = countIn(blocks);
  for (let last = blocks.at(-1); last && count - last.length >= most; last = blocks.at(-1)) {
    blocks.pop();
    count -= last.length;
  }
  return blocks.length < before;
}

/** Not newer than the oldest that is kept: among those at its time some may be missing. */
const isBeyond = ({ blocks, isCut }: Newest, { atMs }: LazyTimelineEntry): boolean =>
  isCut && atMs <= oldestOf(blocks.at(-1));

const newestOf = (block: Block | undefined): number => block?.[0]?.atMs ?? Number.NEGATIVE_INFINITY;
const oldestOf = (block: Block | undefined): number => block?.at(-1)?.atMs ?? Number.POSITIVE_INFINITY;

/** The first block that goes back to a moment. */
const blockAt = (blocks: readonly Block[], ms: number): number => blocks.findIndex((block) => oldestOf(block) <= ms);

/** @returns false when it is not there */
function remove(blocks: Block[], gone: LazyTimelineEntry): boolean {
  const { key } = gone.entry();
  const first = blockAt(blocks, gone.atMs);
  for (let at = first; at >= 0 && newestOf(blocks[at]) >= gone.atMs; at++) {
    const place = (blocks[at] ?? []).findIndex((one) => one.atMs === gone.atMs && one.entry().key === key);
    if (place < 0) continue;
    const left = (blocks[at] ?? []).toSpliced(place, 1);
    blocks.splice(at, 1, ...(left.length > 0 ? [left] : []));
    return true;
  }
  return false;
}

function insert(blocks: Block[], came: LazyTimelineEntry, inBlock: number): void {
  const found = blockAt(blocks, came.atMs);
  const at = found < 0 ? Math.max(0, blocks.length - 1) : found;
  const block = blocks[at] ?? [];
  const place = block.findIndex(({ atMs }) => atMs <= came.atMs);
  const grown = block.toSpliced(place < 0 ? block.length : place, 0, came);
  const halves = grown.length > 2 * inBlock ? [grown.slice(0, inBlock), grown.slice(inBlock)] : [grown];
  blocks.splice(at, 1, ...halves);
}

type ReadTimeline = (selection: ChangeSelection, limit?: number) => Promise<readonly LazyTimelineEntry[]>;

/**
 * A page shows up to 100,000 timeline entries, which Redis takes half a second to send: each process keeps them, and
 * applies what has changed, whoever wrote it. All are read where all are wanted; a part is read from Redis until then.
 * @param nowMs a monotonic clock
 */
export function keepNewest(
  stored: Pick<TimelineReads, 'version' | 'changed'> & { readonly timeline: ReadTimeline },
  nowMs?: () => number,
  limits: Limits = LIMITS,
): ReadTimeline {
  const fold = createTimelineFold(stored, newestWithin(limits), nowMs);
  return async (selection, limit = MAX_TIMELINE_ENTRIES) => {
    if (singleIndex(selection) !== keys.changes()) return stored.timeline(selection, limit);
    const newest = await (selection.sinceMs === undefined ? fold.read() : fold.current());
    return (newest && within(newest, spanOf(selection), limit)) ?? stored.timeline(selection, limit);
  };
}

/** @returns undefined when some of the span are not kept */
function within({ blocks, isCut }: Newest, { min, max }: Span, limit: number): LazyTimelineEntry[] | undefined {
  const oldestMs = min === '-inf' ? Number.NEGATIVE_INFINITY : Number(min);
  const newestMs = max === '+inf' ? Number.POSITIVE_INFINITY : Number(max);
  const found: LazyTimelineEntry[] = [];
  for (const block of blocks) {
    if (oldestOf(block) > newestMs) continue;
    for (const entry of block) {
      if (entry.atMs > newestMs) continue;
      if (entry.atMs < oldestMs || found.length >= limit) return found;
      found.push(entry);
    }
  }
  return isCut && found.length < limit ? undefined : found;
}

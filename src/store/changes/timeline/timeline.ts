import type { Redis } from 'ioredis';
import type { LazyTimelineEntry, TimelineEntry } from '../../../domain/timeline-entry.ts';
import type { DeploymentView } from '../../../domain/view.ts';
import { keys } from '../../keys.ts';
import { eachText } from '../../message-pack.ts';
import { createBinaryScript } from '../../script.ts';
import { lineageKey, lineageScore } from '../lineage.ts';
import { countIn, packedIndexOf } from '../packed/index-blocks.ts';
import type { ChangeSelection } from '../search/filter.ts';
import { singleIndex, spanOf } from '../search/find.ts';
import type { Span } from '../search/find-step.ts';
import { MAX_NAMED, type Search } from '../search/search.ts';
import { createUnpack, type Unpack } from './packed-entry.ts';

/** The newest of a range; older ones are counted, not drawn. */
export const MAX_TIMELINE_ENTRIES = MAX_NAMED;
/** How many a search finds before it only counts: a page of the list. */
const LEAST_DRAWN = 50;
/**
 * Size of one answer of Redis, which serves webhooks between two of them. Lua takes at most about 8,000 arguments at
 * once.
 */
const PAGE = 4_000;

const readPageScript = createBinaryScript('read-timeline');

/** Newest first. In a search, of what it searched. */
export async function readTimeline(
  { redis, search }: { readonly redis: Redis; readonly search: Search },
  selection: ChangeSelection,
  limit = MAX_TIMELINE_ENTRIES,
): Promise<LazyTimelineEntry[]> {
  const index = singleIndex(selection);
  if (index !== undefined) return readIndex(redis, { index, span: spanOf(selection), limit });
  // All that a list counts: the two share one search.
  const isAll = limit >= MAX_TIMELINE_ENTRIES;
  const { names } = await search(selection, { wanted: isAll ? LEAST_DRAWN : limit, isCounted: isAll });
  const unpack = createUnpack();
  const entries: LazyTimelineEntry[] = [];
  for (let from = 0; from < Math.min(names.length, limit); from += PAGE) {
    const page = await redis.hmget(keys.timeline(), ...names.slice(from, Math.min(from + PAGE, limit)));
    for (const text of page) if (text !== null) unpack({ text, from: 0, to: text.length }, entries);
  }
  return entries;
}

interface IndexPart {
  readonly index: string;
  readonly span: Span;
  readonly limit: number;
}

/** The nearest to a deployment in its place, by time, whatever became of them. */
export interface Beside {
  readonly previous?: TimelineEntry;
  readonly next?: TimelineEntry;
}

/** More that have its very time are not looked through. */
const MOST_AT_ONCE = 50;

export async function readBeside(
  redis: Redis,
  { lineage, deployment }: Pick<DeploymentView, 'lineage' | 'deployment'>,
): Promise<Beside> {
  const index = lineageKey(lineage);
  const score = lineageScore(deployment);
  const { newer, count } = await countIn(redis, index, { min: score, max: score });
  const from = Math.max(0, newer - 1);
  const page = await readPage(redis, index, { from, to: newer + Math.min(count, MOST_AT_ONCE) });
  const entries = entriesOf(page).map((lazy) => lazy.entry());
  const at = entries.findIndex(({ key }) => key === deployment.key);
  // One that a rule dropped stands nowhere.
  const [next, previous] =
    at < 0 ? [entries[newer - from - 1], entries[newer - from]] : [entries[at - 1], entries[at + 1]];
  return { ...(previous && { previous }), ...(next && { next }) };
}

async function readIndex(redis: Redis, { index, span, limit }: IndexPart): Promise<LazyTimelineEntry[]> {
  // By rank, newest first: by score, every page would be searched for from the beginning.
  const { newer, count } = await countIn(redis, index, span);
  const end = newer + Math.min(count, limit);
  const read = (from: number) => readPage(redis, index, { from, to: Math.min(from + PAGE, end) - 1 });
  const unpack = createUnpack('asBytes');
  const entries: LazyTimelineEntry[] = [];
  // The next page is requested while one is parsed.
  let next = newer < end ? read(newer) : undefined;
  for (let from = newer + PAGE; next; from += PAGE) {
    const page = await next;
    next = from < end ? read(from) : undefined;
    unpackPage(page, unpack, entries);
  }
  return entries;
}

/** Only the few entries that are shown are decoded. */
function unpackPage(page: Buffer, unpack: Unpack, entries: LazyTimelineEntry[]): void {
  const text = page.toString('latin1');
  eachText(page, (from, to) => unpack({ text, from, to }, entries));
}

function entriesOf(page: Buffer): LazyTimelineEntry[] {
  const entries: LazyTimelineEntry[] = [];
  unpackPage(page, createUnpack('asBytes'), entries);
  return entries;
}

const readPage = async (redis: Redis, index: string, { from, to }: { from: number; to: number }) =>
  (await readPageScript(redis, [index, packedIndexOf(index), keys.timeline()], from, to)) as Buffer; // its reply

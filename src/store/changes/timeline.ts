import { isAscii } from 'node:buffer';
import type { Redis } from 'ioredis';
import { ChangeType, State, Tier } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import {
  type LazyTimelineEntry,
  type TimelineCategory,
  type TimelineEntry,
  timelineEntryOf,
} from '../../domain/timeline-entry.ts';
import type { DeploymentView } from '../../domain/view.ts';
import { keys } from '../keys.ts';
import { createBinaryScript } from '../script.ts';
import type { ChangeSelection } from './filter.ts';
import { singleIndex, spanOf } from './find.ts';
import type { Span } from './find-step.ts';
import { countIn, packedIndexOf } from './index-blocks.ts';
import { lineageKey, lineageScore } from './lineage.ts';
import { MAX_NAMED, type Search } from './search.ts';

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

/**
 * Lines: parsed several times as fast as JSON, a hundred thousand at a time. The key is last, since it may contain
 * anything.
 */
export function packTimelineEntry(deployment: Deployment): string {
  const entry = timelineEntryOf(deployment);
  const { key, atMs, state, changeType, environment, service, revision = '', actor = '' } = entry;
  const fields = [String(atMs), state, changeType, packTier(entry), environment.name, service, revision, actor];
  return [...fields.map((field) => field.replaceAll('\n', ' ')), key].join('\n');
}

/**
 * With the time since when it ran, where it has failed since, and which of the services of its name it is. 0.1.0 does
 * not know such a tier, and goes by the name of the environment.
 */
const packTier = ({ environment: { tier }, ranSinceMs, identity }: TimelineEntry): string =>
  [tier ?? '', ranSinceMs ?? '', identity ?? ''].join(' ').trimEnd();

const STATES = new Map(State.options.map((state) => [state as string, state]));
const TYPES = new Map(ChangeType.options.map((type) => [type as string, type]));
const TIERS = new Map(Tier.options.map((tier) => [tier as string, tier]));

/** State, change type, tier and environment, after the time. */
const CATEGORY_FIELDS = 4;

/** What the packed category says, and which service it is of. */
interface Head {
  readonly category: TimelineCategory;
  readonly identity?: string;
}

interface Heads {
  /** As they are packed. Undefined: another version of the bridge wrote it. */
  readonly packed: Map<string, Head | undefined>;
  /** One object for all services. */
  readonly categories: Map<string, TimelineCategory>;
}

/** A part of a text: the entries of a page are one. */
interface Part {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The head is looked up as packed, the details are parsed on demand: a third of the time of parsing all */
function unpackEntry(part: Part, heads: Heads): LazyTimelineEntry | undefined {
  const { text } = part;
  const from = text.indexOf('\n', part.from) + 1;
  let to = text.indexOf('\n', from);
  for (let field = 1; field < CATEGORY_FIELDS && to >= 0; field++) to = text.indexOf('\n', to + 1);
  if (from === 0 || to < 0 || to >= part.to) return undefined;
  const head = headOf(text.slice(from, to), heads);
  return head && new PackedEntry({ text, from: to + 1, to: part.to }, head, Number(text.slice(part.from, from - 1)));
}

/** A class: a hundred thousand objects with a function each take three times as long to make. */
class PackedEntry implements LazyTimelineEntry {
  readonly atMs: number;
  readonly category: TimelineCategory;
  private readonly head: Head;
  private readonly text: string;
  private readonly from: number;
  private readonly to: number;

  constructor({ text, from, to }: Part, head: Head, atMs: number) {
    this.atMs = atMs;
    this.category = head.category;
    this.head = head;
    this.text = text;
    this.from = from;
    this.to = to;
  }

  entry(): TimelineEntry {
    const { category, identity } = this.head;
    return {
      atMs: this.atMs,
      ...category,
      ...detailsOf(this.text.slice(this.from, this.to)),
      ...(identity && { identity }),
    };
  }
}

function headOf(packed: string, heads: Heads): Head | undefined {
  const known = heads.packed.get(packed);
  if (known || heads.packed.has(packed)) return known;
  const head = unpackHead(packed, heads.categories);
  heads.packed.set(packed, head);
  return head;
}

function unpackHead(packed: string, categories: Heads['categories']): Head | undefined {
  const [state = '', type = '', packedTier = '', name = ''] = packed.split('\n');
  const [tier = '', ranSinceMs, identity] = packedTier.split(' ');
  const codes = { state: STATES.get(state), changeType: TYPES.get(type), tier: TIERS.get(tier) };
  if (!codes.state || !codes.changeType) return undefined;
  const unpacked: TimelineCategory = {
    state: codes.state,
    ...(ranSinceMs && { ranSinceMs: Number(ranSinceMs) }),
    changeType: codes.changeType,
    environment: { name, ...(codes.tier && { tier: codes.tier }) },
  };
  const key = [state, type, tier, ranSinceMs, name].join('\n');
  const category = categories.get(key) ?? unpacked;
  categories.set(key, category);
  return { category, ...(identity && { identity }) };
}

function detailsOf(packed: string): Omit<TimelineEntry, 'atMs' | 'identity' | keyof TimelineCategory> {
  const [service = '', revision, actor, ...key] = packed.split('\n');
  return { key: key.join('\n'), service, ...(revision && { revision }), ...(actor && { actor }) };
}

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
  const unpack = createUnpack();
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

type Unpack = (part: Part, entries: LazyTimelineEntry[]) => void;

function createUnpack(): Unpack {
  const heads: Heads = { packed: new Map(), categories: new Map() };
  return (part, entries) => {
    const entry = unpackEntry(part, heads);
    if (entry) entries.push(entry);
  };
}

/** The lengths of the entries in bytes, and the entries. */
type Page = readonly [lengths: Buffer, bytes: Buffer];

const LENGTH_BYTES = 4;

/** All entries are one text, as long as each character is one byte. */
function unpackPage([lengths, bytes]: Page, unpack: Unpack, entries: LazyTimelineEntry[]): void {
  const whole = isAscii(bytes) ? bytes.toString('latin1') : undefined;
  let from = 0;
  for (let at = 0; at < lengths.length; at += LENGTH_BYTES) {
    const to = from + lengths.readUInt32BE(at);
    if (whole !== undefined) unpack({ text: whole, from, to }, entries);
    else {
      const text = bytes.toString('utf8', from, to);
      unpack({ text, from: 0, to: text.length }, entries);
    }
    from = to;
  }
}

function entriesOf(page: Page): LazyTimelineEntry[] {
  const entries: LazyTimelineEntry[] = [];
  unpackPage(page, createUnpack(), entries);
  return entries;
}

const readPage = async (redis: Redis, index: string, { from, to }: { from: number; to: number }) =>
  (await readPageScript(redis, [index, packedIndexOf(index), keys.timeline()], from, to)) as Page; // the script's reply

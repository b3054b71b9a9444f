import { Tier } from './change-record.ts';
import { createIsAmbiguous, serviceKeysOf } from './entry-service.ts';
import { swimlaneOf } from './swimlane.ts';
import { tierOf } from './tier.ts';
import type { LazyTimelineEntry, TimelineCategory, TimelineEntry } from './timeline-entry.ts';

/** The rows of a swimlane. Failures are drawn above successes. */
export const ROWS = ['rollback', 'failed', 'busy', 'done'] as const;
export type Row = (typeof ROWS)[number];

/** One entry, or several that would overlap. */
export interface Group<Newest = TimelineEntry> {
  /** Its position, 0 to 100 from left to right. */
  readonly at: number;
  readonly count: number;
  /** Epoch milliseconds of the first and the last. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly newest: Newest;
}

export interface Swimlane {
  readonly name: string;
  /** A deployment of the service, if another service in the picture has the same name: it distinguishes the two. */
  readonly example?: string;
  /** False for what stands for swimlanes that do not fit. */
  readonly filters: boolean;
  readonly count: number;
  readonly rows: readonly { readonly row: Row; readonly count: number; readonly groups: readonly Group[] }[];
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** More swimlanes than this are a list, not a picture: the rest share the last one. */
const MAX_SWIMLANES = 24;

/**
 * Space that a marker takes, in hundredths of the width: a single one, and a group with its count. At most 72 of one
 * row fit side by side.
 */
export interface MarkerSize {
  readonly one: number;
  readonly many: number;
}
export const WIDE: MarkerSize = { one: 1.4, many: 2.7 };
/** The width of a telephone. */
export const NARROW: MarkerSize = { one: 4.6, many: 9 };

const rowOf = ({ changeType, state }: TimelineCategory): Row => {
  if (changeType === 'rollback') return 'rollback';
  if (state === 'failed') return 'failed';
  return state === 'pending' || state === 'running' ? 'busy' : 'done';
};

/**
 * One swimlane for each environment: production first, plain names before longer ones, so that each is always at the
 * same position.
 * @param entries newest first.
 */
export function swimlanesOf(entries: readonly LazyTimelineEntry[], window: Window): Swimlane[] {
  const swimlanes = [...bySwimlane(entries)]
    .map(([name, own]) => ({ lane: { name, own }, rank: rankOf(own) }))
    .sort(
      ({ lane: a, ...one }, { lane: b, ...other }) =>
        one.rank - other.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1),
    );
  return drawAll(
    swimlanes.map(({ lane }) => lane),
    window,
  );
}

/** With more entries, parsing each for its service takes too long while somebody waits. */
const MOST_BY_SERVICE = 20_000;

/** What is drawn in one row. */
interface Lane {
  readonly name: string;
  readonly example?: string;
  readonly own: readonly LazyTimelineEntry[];
}

/**
 * One swimlane for each service, by name, where all entries are of one environment. With too many services, those with
 * the most changes have their own. Undefined: they are of several environments.
 * @param entries newest first.
 */
export function serviceLanesOf(entries: readonly LazyTimelineEntry[], window: Window): Swimlane[] | undefined {
  const names = new Set(entries.map(({ category }) => category.environment.name.toLowerCase()));
  if (names.size !== 1 || entries.length > MOST_BY_SERVICE) return undefined;
  const busiest = servicesOf(entries).sort((a, b) => b.own.length - a.own.length);
  const byName = (a: Lane, b: Lane) => (a.name < b.name ? -1 : 1);
  if (busiest.length <= MAX_SWIMLANES) return drawAll(busiest.sort(byName), window);
  const shown = busiest.slice(0, MAX_SWIMLANES - 1).sort(byName);
  return drawAll([...shown, ...busiest.slice(shown.length)], window);
}

function servicesOf(entries: readonly LazyTimelineEntry[]): Lane[] {
  const read = entries.map((lazy) => ({ lazy, entry: lazy.entry() }));
  const keyOf = serviceKeysOf(read.map(({ entry }) => entry));
  const services = new Map<string, { readonly newest: TimelineEntry; readonly own: LazyTimelineEntry[] }>();
  for (const { lazy, entry } of read) {
    const key = keyOf(entry);
    const service = services.get(key) ?? { newest: entry, own: [] };
    services.set(key, service);
    service.own.push(lazy);
  }
  const shown = [...services].map(([serviceKey, { newest }]) => ({ service: newest.service, serviceKey }));
  const isAmbiguous = createIsAmbiguous(shown);
  return [...services.values()].map(({ newest, own }) => ({
    name: newest.service,
    ...(isAmbiguous(newest) && { example: newest.key }),
    own,
  }));
}

function drawAll(swimlanes: readonly Lane[], window: Window): Swimlane[] {
  const shown = swimlanes.length > MAX_SWIMLANES ? swimlanes.slice(0, MAX_SWIMLANES - 1) : swimlanes;
  const drawn = shown.map(({ own, ...lane }) => ({ ...lane, filters: true, ...draw(own, window) }));
  const rest = swimlanes.slice(shown.length);
  if (rest.length === 0) return drawn;
  const others = rest.flatMap(({ own }) => own).sort((a, b) => b.atMs - a.atMs);
  return [...drawn, { name: `${rest.length} more`, filters: false, ...draw(others, window) }];
}

/** Names differ in case between tools; the newest spelling counts. */
function bySwimlane(entries: readonly LazyTimelineEntry[]): Map<string, LazyTimelineEntry[]> {
  const swimlanes = new Map<string, { name: string; own: LazyTimelineEntry[] }>();
  const byCategory = new Map<TimelineCategory, LazyTimelineEntry[]>(); // few categories, many entries
  const swimlaneOfCategory = ({ environment }: TimelineCategory): LazyTimelineEntry[] => {
    const name = swimlaneOf(environment);
    const swimlane = swimlanes.get(name.toLowerCase()) ?? { name, own: [] };
    swimlanes.set(name.toLowerCase(), swimlane);
    return swimlane.own;
  };
  for (const entry of entries) {
    const own = byCategory.get(entry.category) ?? swimlaneOfCategory(entry.category);
    byCategory.set(entry.category, own);
    own.push(entry);
  }
  return new Map([...swimlanes.values()].map(({ name, own }) => [name, own]));
}

/** By the newest: the tier may have been corrected in the meantime. */
const rankOf = ([newest]: readonly LazyTimelineEntry[]): number =>
  newest ? Tier.options.indexOf(tierOf(newest.category.environment)) : Tier.options.length;

function draw(entries: readonly LazyTimelineEntry[], window: Window): Pick<Swimlane, 'count' | 'rows'> {
  const byRow = new Map(ROWS.map((row): [Row, LazyTimelineEntry[]] => [row, []]));
  for (const entry of entries) byRow.get(rowOf(entry.category))?.push(entry);
  const rows = [...byRow].map(([row, own]) => {
    const groups = groupsOf(own, window);
    return { row, count: own.length, groups: groups.map((group) => ({ ...group, newest: group.newest.entry() })) };
  });
  return { count: entries.length, rows: rows.filter(({ count }) => count > 0) };
}

/** While it is made, it grows in place: a hundred thousand entries become some seventy groups. */
type Growing<Newest> = { -readonly [Field in keyof Group<Newest>]: Group<Newest>[Field] };

/**
 * A sender's clock may be fast: entries in the future are drawn at the edge.
 * @param own newest first
 */
function groupsOf(own: readonly LazyTimelineEntry[], { fromMs, toMs }: Window): Group<LazyTimelineEntry>[] {
  const width = Math.max(1, toMs - fromMs);
  const done: Growing<LazyTimelineEntry>[] = [];
  for (let index = own.length - 1; index >= 0; index--) {
    const newest = own[index];
    if (!newest) continue;
    const { atMs } = newest;
    const at = Math.min(100, Math.max(0, ((atMs - fromMs) / width) * 100));
    append(done, { at, count: 1, fromMs: atMs, toMs: atMs, newest }, WIDE);
  }
  return done;
}

/**
 * Merges entries that would overlap, from left to right; a group takes more space, and so may absorb its predecessor.
 */
export function mergeOverlapping<Newest>(groups: readonly Group<Newest>[], size: MarkerSize): Group<Newest>[] {
  const done: Growing<Newest>[] = [];
  for (const group of groups) append(done, { ...group }, size);
  return done;
}

function append<Newest>(done: Growing<Newest>[], group: Growing<Newest>, size: MarkerSize): void {
  const widthOf = ({ count }: Group<Newest>) => (count > 1 ? size.many : size.one);
  let last = group;
  for (let before = done.at(-1); before; before = done.at(-1)) {
    if (last.at - before.at >= (widthOf(before) + widthOf(last)) / 2) break;
    done.pop();
    grow(before, last);
    last = before;
  }
  done.push(last);
}

/** Adds the group that follows it. */
function grow<Newest>(group: Growing<Newest>, next: Group<Newest>): void {
  const count = group.count + next.count;
  group.at = (group.at * group.count + next.at * next.count) / count;
  group.count = count;
  group.toMs = next.toMs;
  group.newest = next.newest;
}

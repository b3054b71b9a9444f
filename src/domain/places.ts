import { inParts } from '../values/in-parts.ts';
import type { ChangeType } from './change-record.ts';
import { entryKey, serviceKeysOf } from './entry-service.ts';
import { type LazyTimelineEntry, runsSinceMs, type TimelineEntry } from './timeline-entry.ts';

/** Types that put another version in place; a flag or a migration does not. */
const PUTS_VERSION: ReadonlySet<ChangeType> = new Set(['deployment', 'code', 'rollback', 'security_patch']);

/** How many of one slot are kept, and with fewer left of more all are read again. */
const RAN = { most: 500, least: 250 };
const ATTEMPTS = { most: 10, least: 1 };

/** What was deployed to each slot (a service in an environment). */
export type Places = ReadonlyMap<string, Place>;

/** Without either there is no place. */
export interface Place {
  /** Those that succeeded, by the time of their entries. */
  readonly ran: Newest;
  /** Those that did not. */
  readonly attempts: Newest;
}

/** The newest first. */
interface Newest {
  readonly entries: readonly TimelineEntry[];
  /** There were more than are kept. */
  readonly isCut: boolean;
}

const NONE: Newest = { entries: [], isCut: false };

/** Names differ in case between tools, and an entry of the timeline is kept as lines. */
export const placeKey = (serviceKey: string, environment: string): string =>
  `${serviceKey}\n${environment.replaceAll('\n', ' ').toLowerCase()}`;

const placeKeyOf = (entry: TimelineEntry): string => placeKey(entryKey(entry), entry.environment.name);
const fieldOf = (entry: TimelineEntry): 'ran' | 'attempts' => (runsSinceMs(entry) === undefined ? 'attempts' : 'ran');
const limitsOf = { ran: RAN, attempts: ATTEMPTS };

/** Those at the same time by key, so that the order does not depend on when they were read. */
const isNewer = (a: TimelineEntry, b: TimelineEntry): boolean =>
  a.atMs > b.atMs || (a.atMs === b.atMs && a.key > b.key);

interface Draft {
  readonly ran: TimelineEntry[];
  readonly attempts: TimelineEntry[];
  readonly cut: Set<'ran' | 'attempts'>;
}

/** @param entries newest first */
export async function placesOf(entries: readonly LazyTimelineEntry[]): Promise<Places> {
  const drafts = new Map<string, Draft>();
  await inParts(entries, (lazy) => {
    if (PUTS_VERSION.has(lazy.category.changeType)) draw(drafts, lazy.entry());
  });
  const newest = ({ cut, ...draft }: Draft, field: 'ran' | 'attempts') => ({
    entries: draft[field],
    isCut: cut.has(field),
  });
  return new Map(
    [...drafts].map(([key, draft]) => [key, { ran: newest(draft, 'ran'), attempts: newest(draft, 'attempts') }]),
  );
}

function draw(drafts: Map<string, Draft>, entry: TimelineEntry): void {
  const key = placeKeyOf(entry);
  const draft = drafts.get(key) ?? { ran: [], attempts: [], cut: new Set() };
  drafts.set(key, draft);
  const field = fieldOf(entry);
  if (draft[field].length < limitsOf[field].most) insert(draft[field], entry);
  else draft.cut.add(field);
}

function insert(entries: TimelineEntry[], entry: TimelineEntry): void {
  let at = entries.length;
  for (let other = entries[at - 1]; other && isNewer(entry, other); other = entries[at - 1]) at--;
  entries.splice(at, 0, entry);
}

interface Change {
  readonly before?: LazyTimelineEntry | undefined;
  readonly after?: LazyTimelineEntry | undefined;
}

/**
 * Equal to placesOf() of the entries after these changes. What did not change is taken over.
 * @returns undefined when it can only be computed from all entries
 */
export function applyToPlaces(places: Places, changes: readonly Change[]): Places | undefined {
  if (changes.length === 0) return places;
  const changed = new Map(places);
  for (const { before, after } of changes) {
    if (before && PUTS_VERSION.has(before.category.changeType) && !remove(changed, before.entry())) return undefined;
    if (after && PUTS_VERSION.has(after.category.changeType)) add(changed, after.entry());
  }
  return changed;
}

/** @returns false when too few of more are left, or the entry should be there and is not */
function remove(places: Map<string, Place>, entry: TimelineEntry): boolean {
  const key = placeKeyOf(entry);
  const field = fieldOf(entry);
  const place = places.get(key);
  const before = place?.[field];
  if (!place || !before) return false;
  const entries = before.entries.filter((one) => one.key !== entry.key);
  if (entries.length === before.entries.length) return before.isCut;
  if (before.isCut && entries.length < limitsOf[field].least) return false;
  const left = { ...place, [field]: { entries, isCut: before.isCut } };
  if (left.ran.entries.length + left.attempts.entries.length === 0) places.delete(key);
  else places.set(key, left);
  return true;
}

function add(places: Map<string, Place>, entry: TimelineEntry): void {
  const key = placeKeyOf(entry);
  const field = fieldOf(entry);
  const place = places.get(key) ?? { ran: NONE, attempts: NONE };
  const { entries: before, isCut } = place[field];
  const oldest = before.at(-1);
  // Older than those that are kept: others that are not kept may be newer.
  if (isCut && oldest && isNewer(oldest, entry)) return;
  const entries = [...before];
  insert(entries, entry);
  const { most } = limitsOf[field];
  places.set(key, { ...place, [field]: { entries: entries.slice(0, most), isCut: isCut || entries.length > most } });
}

/** The newest entry of a place: names are spelled as it does. */
export function newestOf({ ran, attempts }: Place): TimelineEntry {
  const [one, other] = [ran.entries[0], attempts.entries[0]];
  const newest = one && other ? (isNewer(one, other) ? one : other) : (one ?? other);
  if (!newest) throw new Error('a place without an entry');
  return newest;
}

/** By service and environment, with what 0.1.0 recorded where it belongs. */
export function resolvePlaces(places: Places): Places {
  if (!hasNameless(places)) return places;
  const keyOf = serviceKeysOf([...places.values()].map(newestOf));
  const resolved = new Map<string, Place>();
  for (const place of places.values()) {
    const newest = newestOf(place);
    const key = placeKey(keyOf(newest), newest.environment.name);
    const same = resolved.get(key);
    resolved.set(key, same ? mergePlaces(same, place) : place);
  }
  return resolved;
}

function hasNameless(places: Places): boolean {
  for (const place of places.values()) if (newestOf(place).identity === undefined) return true;
  return false;
}

/** Of one place, one beside the other in time. */
function mergePlaces(one: Place, other: Place): Place {
  const both = (field: 'ran' | 'attempts'): Newest => ({
    entries: [...one[field].entries, ...other[field].entries]
      .sort((a, b) => (isNewer(a, b) ? -1 : 1))
      .slice(0, limitsOf[field].most),
    isCut: one[field].isCut || other[field].isCut,
  });
  return { ran: both('ran'), attempts: both('attempts') };
}

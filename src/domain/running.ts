import { type ChangeType, Tier } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { entryKey, serviceKeysOf } from './entry-service.ts';
import { serviceDigest } from './service.ts';
import { swimlaneOf } from './swimlane.ts';
import { tierOf } from './tier.ts';
import { type LazyTimelineEntry, runsSinceMs, type TimelineEntry } from './timeline-entry.ts';

/** Types that put another version in place; a flag or a migration does not. */
const PUTS_VERSION: ReadonlySet<ChangeType> = new Set(['deployment', 'code', 'rollback', 'security_patch']);
/** How many revisions of one environment are searched for that of another. */
const MAX_REVISIONS = 100;

/** How many of one slot keep the link to their successor. */
const MAX_HISTORY = 50;
/** How many of one slot are considered. */
const MAX_RAN = 500;

/** One service in one environment. */
export interface Slot {
  readonly service: string;
  /** Which of the services of that name (entry-service.ts). */
  readonly serviceKey: string;
  readonly environment: TimelineEntry['environment'];
  /** The newest that succeeded, even if it has failed since: nothing replaced it. Absent: none did. */
  readonly current?: TimelineEntry;
  /** The newest attempt since: running, failed or canceled, it replaced nothing. */
  readonly attempt?: TimelineEntry;
  /** What ran here, each once, the newest first. */
  readonly revisions: readonly string[];
  /** The last ones that succeeded, the newest first. */
  readonly history: readonly TimelineEntry[];
}

/** Whether a deployment that succeeded still runs. */
export interface RunningStatus {
  /** True: it runs. Otherwise `next` superseded it. */
  readonly isCurrent: boolean;
  readonly next?: TimelineEntry;
}

/** How far two environments of a service are apart, in deployments. */
export interface Drift {
  readonly from: Slot;
  /** Which of the two is newer; `unknown` when neither ran what the other runs. */
  readonly which: 'same' | 'ahead' | 'behind' | 'unknown';
  readonly deployments?: number;
}

/** What was deployed to each slot (a service in an environment). */
export type Places = ReadonlyMap<string, Place>;

interface Place {
  /** The newest spelling. */
  readonly service: string;
  readonly identity?: string;
  readonly environment: TimelineEntry['environment'];
  /** The newest that did not succeed. */
  readonly attempt?: TimelineEntry;
  /** Those that succeeded, by the time of their entries, the newest first. */
  readonly ran: readonly TimelineEntry[];
}

/** Names differ in case between tools, and an entry of the timeline is kept as lines. */
const placeKey = (serviceKey: string, environment: string): string =>
  `${serviceKey}\n${environment.replaceAll('\n', ' ').toLowerCase()}`;

/** @param entries newest first */
export function placesOf(entries: readonly LazyTimelineEntry[]): Places {
  const places = new Map<string, { -readonly [Field in keyof Place]: Place[Field] } & { ran: TimelineEntry[] }>();
  for (const lazy of entries) {
    if (!PUTS_VERSION.has(lazy.category.changeType)) continue;
    const entry = lazy.entry();
    const { service, identity, environment } = entry;
    const key = placeKey(entryKey(entry), environment.name);
    const place = places.get(key) ?? { service, ...(identity && { identity }), environment, ran: [] };
    places.set(key, place);
    if (runsSinceMs(entry) === undefined) place.attempt ??= entry;
    else if (place.ran.length < MAX_RAN) place.ran.push(entry);
  }
  return places;
}

/** Equal to placesOf() of all entries at once. What only the older part has is taken over unchanged. */
export function mergePlaces(newer: Places, older: Places): Places {
  const merged = new Map(older);
  for (const [key, place] of newer) {
    const before = older.get(key);
    merged.set(key, before ? mergePlace(place, before) : place);
  }
  return merged;
}

function mergePlace(newer: Place, older: Place): Place {
  const attempt = newer.attempt ?? older.attempt;
  return {
    service: newer.service,
    ...(newer.identity && { identity: newer.identity }),
    environment: newer.environment,
    ...(attempt && { attempt }),
    ran: [...newer.ran, ...older.ran].slice(0, MAX_RAN),
  };
}

/** By service and environment, with what 0.1.0 recorded where it belongs. */
function resolve(places: Places): Places {
  const keyOf = serviceKeysOf(places.values());
  const resolved = new Map<string, Place>();
  for (const place of places.values()) {
    const key = placeKey(keyOf(place), place.environment.name);
    const same = resolved.get(key);
    resolved.set(key, same ? mingle(same, place) : place);
  }
  return resolved;
}

/** Of one place, one beside the other in time. */
function mingle(one: Place, other: Place): Place {
  const [newer, older] = newestMs(one) >= newestMs(other) ? [one, other] : [other, one];
  const [attempt] = [newer.attempt ?? [], older.attempt ?? []].flat().sort(newestFirst);
  const identity = newer.identity ?? older.identity;
  return {
    service: newer.service,
    ...(identity && { identity }),
    environment: newer.environment,
    ...(attempt && { attempt }),
    ran: [...newer.ran, ...older.ran].sort(newestFirst).slice(0, MAX_RAN),
  };
}

const newestFirst = (a: TimelineEntry, b: TimelineEntry): number => b.atMs - a.atMs;
const newestMs = ({ attempt, ran }: Place): number => Math.max(attempt?.atMs ?? 0, ran[0]?.atMs ?? 0);

/** Asked for on every page, and the same until something changes. */
const resolvedPlaces = new WeakMap<Places, Places>();

function resolvedOf(places: Places): Places {
  const resolved = resolvedPlaces.get(places) ?? resolve(places);
  resolvedPlaces.set(places, resolved);
  return resolved;
}

/** What runs where, by the time of the deployments and not of their arrival. */
export const slotsIn = (places: Places): Slot[] =>
  [...resolvedOf(places)].map(([key, place]) => slotIn(place, key.slice(0, key.indexOf('\n'))));

/** A change affects one of thousands of slots. */
const slotsByPlace = new WeakMap<Place, Slot>();

function slotIn(place: Place, serviceKey: string): Slot {
  const slot = slotsByPlace.get(place) ?? slotOf(place, serviceKey);
  slotsByPlace.set(place, slot);
  return slot.serviceKey === serviceKey ? slot : { ...slot, serviceKey };
}

/** By when they succeeded: one that failed long after stands among the entries where it failed. */
function slotOf({ service, environment, attempt, ran }: Place, serviceKey: string): Slot {
  const history = ran.toSorted((a, b) => since(b) - since(a));
  const [current] = history;
  const revisions = [...new Set(history.flatMap(({ revision }) => revision ?? []))];
  return {
    service,
    serviceKey,
    environment,
    ...(current && { current }),
    ...(attempt && (!current || attempt.atMs > since(current)) && { attempt }),
    revisions: revisions.slice(0, MAX_REVISIONS),
    history: history.slice(0, MAX_HISTORY),
  };
}

const since = (entry: TimelineEntry): number => runsSinceMs(entry) ?? entry.atMs;

/** Each service with its slots, in the order of their tiers: production first. By the key of the service, by name. */
export function byService(slots: readonly Slot[]): Map<string, Slot[]> {
  const services = new Map<string, Slot[]>();
  for (const slot of slots) {
    const own = services.get(slot.serviceKey);
    if (own) own.push(slot);
    else services.set(slot.serviceKey, [slot]);
  }
  return new Map([...services].map(([key, own]) => [key, own.sort(byTier)] as const).sort(byName));
}

type Row = readonly [serviceKey: string, own: readonly Slot[]];
const byName = ([a, [first]]: Row, [b, [second]]: Row): number =>
  (first?.service ?? '').localeCompare(second?.service ?? '', 'en') || (a < b ? -1 : 1);

const rankOf = ({ environment }: Pick<Slot, 'environment'>): number => Tier.options.indexOf(tierOf(environment));

/** Production first, plain names before longer ones: the order of the timeline's swimlanes. */
const byTier = (a: Slot, b: Slot): number =>
  rankOf(a) - rankOf(b) ||
  a.environment.name.length - b.environment.name.length ||
  (a.environment.name < b.environment.name ? -1 : 1);

/** The environments that are columns of a board, and how many short-lived ones have no column. */
export function columnsOf(slots: readonly Slot[]): { readonly names: readonly string[]; readonly folded: number } {
  const environments = new Map<string, Slot>();
  for (const slot of slots) {
    const name = slot.environment.name.toLowerCase();
    if (!environments.has(name)) environments.set(name, slot);
  }
  const all = [...environments.values()].toSorted(byTier);
  const lasting = all.filter(({ environment }) => swimlaneOf(environment) === environment.name);
  return { names: lasting.map(({ environment }) => environment.name), folded: all.length - lasting.length };
}

/** Compared with the first environment of its service that runs anything: production, where there is one. */
export function driftOf(slot: Slot, own: readonly Slot[]): Drift | undefined {
  const from = own.find(({ current }) => current !== undefined);
  if (!from?.current || !slot.current || from === slot) return undefined;
  const [here, there] = [slot.current.revision, from.current.revision];
  if (here === undefined || there === undefined) return undefined;
  if (here === there) return { from, which: 'same' };
  const ahead = slot.revisions.indexOf(there);
  if (ahead > 0) return { from, which: 'ahead', deployments: ahead };
  const behind = from.revisions.indexOf(here);
  return behind > 0 ? { from, which: 'behind', deployments: behind } : { from, which: 'unknown' };
}

/** The running status of a deployment, if it is among the last of its slot that succeeded. */
export type RunningStatusOf = (
  deployment: Parameters<typeof serviceDigest>[0] & Pick<Deployment, 'environment' | 'occurredAt'>,
) => RunningStatus | undefined;

export const runningStatusIn =
  (places: Places): RunningStatusOf =>
  (deployment) => {
    const { key, service, environment, occurredAt } = deployment;
    const own = { key, atMs: Date.parse(occurredAt) };
    // The second: 0.1.0 recorded it, and others have its name.
    for (const serviceKey of [serviceDigest(deployment), entryKey({ service })]) {
      const place = resolvedOf(places).get(placeKey(serviceKey, environment.name));
      const status = place && statusIn(place, own);
      if (status) return status;
    }
    return undefined;
  };

/** As the history of the slot has it, which is not sorted for one of them. */
function statusIn({ ran }: Place, { key, atMs }: Pick<TimelineEntry, 'key' | 'atMs'>): RunningStatus | undefined {
  const at = ran.findIndex((entry) => entry.atMs === atMs && entry.key === key); // numbers are compared faster
  const own = ran[at];
  if (!own) return undefined;
  const ownMs = since(own);
  const isLater = (entry: TimelineEntry, index: number) =>
    since(entry) > ownMs || (since(entry) === ownMs && index < at);
  const later = ran.filter(isLater);
  if (later.length >= MAX_HISTORY) return undefined;
  const next = later.reduce<TimelineEntry | undefined>(
    (nearest, entry) => (nearest && since(nearest) < since(entry) ? nearest : entry),
    undefined,
  );
  return next ? { isCurrent: false, next } : { isCurrent: true };
}

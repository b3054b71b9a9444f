import { Tier } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { entryKey } from './entry-service.ts';
import { newestOf, type Place, type Places, placeKey, resolvePlaces } from './places.ts';
import { serviceDigest } from './service.ts';
import { swimlaneOf } from './swimlane.ts';
import { tierOf } from './tier.ts';
import { runsSinceMs, type TimelineEntry } from './timeline-entry.ts';

/** How many revisions of one environment are searched for that of another. */
const MAX_REVISIONS = 100;

/** How many of one slot keep the link to their successor. */
const MAX_HISTORY = 50;
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

/** Asked for on every page, and the same until something changes. */
const resolvedPlaces = new WeakMap<Places, Places>();

function resolvedOf(places: Places): Places {
  const resolved = resolvedPlaces.get(places) ?? resolvePlaces(places);
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
function slotOf(place: Place, serviceKey: string): Slot {
  const { service, environment } = newestOf(place);
  const history = bySince(place.ran.entries);
  const [attempt] = place.attempts.entries;
  const [current] = history;
  return {
    service,
    serviceKey,
    environment,
    ...(current && { current }),
    ...(attempt && (!current || attempt.atMs > since(current)) && { attempt }),
    revisions: revisionsOf(history),
    history: history.slice(0, MAX_HISTORY),
  };
}

const since = (entry: TimelineEntry): number => runsSinceMs(entry) ?? entry.atMs;

/** They are in this order nearly always: the slots of a million deployments are made at once. */
function bySince(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const isInOrder = entries.every((entry, at) => at === 0 || since(entries[at - 1] ?? entry) >= since(entry));
  return isInOrder ? entries : entries.toSorted((a, b) => since(b) - since(a));
}

function revisionsOf(history: readonly TimelineEntry[]): string[] {
  const revisions = new Set<string>();
  for (const { revision } of history) {
    if (revision !== undefined) revisions.add(revision);
    if (revisions.size === MAX_REVISIONS) break;
  }
  return [...revisions];
}

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
/** Made once: a comparison by `localeCompare` takes several times as long. */
const { compare } = new Intl.Collator('en');
const byName = ([a, [first]]: Row, [b, [second]]: Row): number =>
  compare(first?.service ?? '', second?.service ?? '') || (a < b ? -1 : 1);

/** A slot is compared many times, on every page. */
const ranks = new WeakMap<Slot['environment'], number>();

function rankOf({ environment }: Pick<Slot, 'environment'>): number {
  const rank = ranks.get(environment) ?? Tier.options.indexOf(tierOf(environment));
  ranks.set(environment, rank);
  return rank;
}

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
function statusIn(
  { ran: { entries: ran } }: Place,
  { key, atMs }: Pick<TimelineEntry, 'key' | 'atMs'>,
): RunningStatus | undefined {
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

import { type ChangeType, Tier } from './change-record.ts';
import { swimlaneOf } from './swimlane.ts';
import { tierOf } from './tier.ts';
import { type LazyTimelineEntry, runsSinceMs, type TimelineEntry } from './timeline-entry.ts';

/** What puts another version in its place; a flag or a migration does not. */
const PUTS_VERSION: ReadonlySet<ChangeType> = new Set(['deployment', 'code', 'rollback', 'security_patch']);
/** So far back one environment is looked for in another. */
const MAX_REVISIONS = 100;

/** So many of one place say what took their place. */
const MAX_HISTORY = 50;
/** So many of one place are looked at. */
const MAX_RAN = 500;

/** One service in one environment. */
export interface Slot {
  readonly service: string;
  readonly environment: TimelineEntry['environment'];
  /** The newest that succeeded, also if it has failed since: nothing took its place. Absent: none did. */
  readonly current?: TimelineEntry;
  /** What was tried since: running, failed or canceled, it replaces nothing. */
  readonly attempt?: TimelineEntry;
  /** What ran here, each once, the newest first. */
  readonly revisions: readonly string[];
  /** Those that succeeded last, the newest first. */
  readonly history: readonly TimelineEntry[];
}

/** What became of a deployment that succeeded. */
export interface RunningStatus {
  /** True: it runs. Else `next` superseded it. */
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

interface SlotBuilder {
  readonly service: string;
  readonly environment: TimelineEntry['environment'];
  attempt?: TimelineEntry;
  readonly history: TimelineEntry[];
}

/**
 * What runs where, by the time of the deployments and not of their arrival.
 * @param entries newest first.
 */
export function slotsOf(entries: readonly LazyTimelineEntry[]): Slot[] {
  const slots = new Map<string, SlotBuilder>();
  for (const lazy of entries) {
    if (!PUTS_VERSION.has(lazy.category.changeType)) continue;
    const entry = lazy.entry();
    const { service, environment } = entry;
    // names differ in case between tools; the newest spelling counts
    const name = `${service}\n${environment.name}`.toLowerCase();
    const slot = slots.get(name) ?? { service, environment, history: [] };
    slots.set(name, slot);
    if (runsSinceMs(entry) === undefined) slot.attempt ??= entry;
    else if (slot.history.length < MAX_RAN) slot.history.push(entry);
  }
  return [...slots.values()].map(slotOf);
}

/** By when they succeeded: one that failed long after stands among the entries where it failed. */
function slotOf({ service, environment, attempt, history }: SlotBuilder): Slot {
  const ran = history.toSorted((a, b) => since(b) - since(a));
  const [current] = ran;
  const revisions = [...new Set(ran.flatMap(({ revision }) => revision ?? []))];
  return {
    service,
    environment,
    ...(current && { current }),
    ...(attempt && (!current || attempt.atMs > since(current)) && { attempt }),
    revisions: revisions.slice(0, MAX_REVISIONS),
    history: ran.slice(0, MAX_HISTORY),
  };
}

const since = (entry: TimelineEntry): number => runsSinceMs(entry) ?? entry.atMs;

/** Each service with its slots, in the order of their tiers: production first. */
export function byService(slots: readonly Slot[]): Map<string, Slot[]> {
  const services = new Map<string, Slot[]>();
  for (const slot of slots) {
    const name = slot.service.toLowerCase();
    services.set(name, [...(services.get(name) ?? []), slot]);
  }
  const sorted = [...services.values()].map((own) => own.toSorted(byTier)).sort(byName);
  return new Map(sorted.map((own) => [own[0]?.service ?? '', own]));
}

const byName = ([a]: readonly Slot[], [b]: readonly Slot[]): number =>
  (a?.service ?? '').localeCompare(b?.service ?? '', 'en');

const rankOf = ({ environment }: Pick<Slot, 'environment'>): number => Tier.options.indexOf(tierOf(environment));

/** Production first, plain names before longer ones: the order of the timeline's swimlanes. */
const byTier = (a: Slot, b: Slot): number =>
  rankOf(a) - rankOf(b) ||
  a.environment.name.length - b.environment.name.length ||
  (a.environment.name < b.environment.name ? -1 : 1);

/** The environments that are columns of a board, with how many come and go and are none. */
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

/** Against the first environment of its service that runs anything: production, where there is one. */
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

/** By key, of what succeeded lately in each place. */
export function runningStatuses(slots: readonly Slot[]): Map<string, RunningStatus> {
  const found = new Map<string, RunningStatus>();
  for (const { history } of slots)
    history.forEach((entry, at) => {
      const next = history[at - 1];
      found.set(entry.key, next ? { isCurrent: false, next } : { isCurrent: true });
    });
  return found;
}

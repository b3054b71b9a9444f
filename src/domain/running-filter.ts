import { findName, type KnownName, type UnknownName } from './known-names.ts';
import { isTeam, type Owner } from './owners.ts';
import type { Slot } from './running.ts';
import { tierOf } from './tier.ts';

/** Selects services and environments of the page, the API and the command line for what runs where. */
export interface RunningFilter {
  /** A name, or a part of it where no name is equal. */
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly tier?: string | undefined;
  /** A team. */
  readonly owner?: string | undefined;
}

export interface SelectedSlots {
  readonly slots: readonly Slot[];
  readonly unknown: readonly UnknownName[];
}

/** @param ownerOf the team that owns a service */
export function selectSlots(
  slots: readonly Slot[],
  { service, environment, tier, owner }: RunningFilter,
  ownerOf: (service: string) => Owner | undefined,
): SelectedSlots {
  const services = choose(
    'service',
    service,
    countBy(slots, (slot) => slot.service),
  );
  const environments = choose(
    'environment',
    environment,
    countBy(slots, (slot) => slot.environment.name),
  );
  const teams = countBy(slots, (slot) => ownerOf(slot.service)?.team);
  const isKnownTeam = owner === undefined || teams.has(owner.toLowerCase());
  const isWanted = (slot: Slot) =>
    services.fits(slot.service) &&
    environments.fits(slot.environment.name) &&
    (tier === undefined || tierOf(slot.environment) === tier) &&
    (owner === undefined || isTeam(ownerOf(slot.service), owner));
  return {
    slots: slots.filter(isWanted),
    unknown: [
      services.unknown ?? [],
      environments.unknown ?? [],
      isKnownTeam ? [] : { field: 'owner' as const, value: owner, isPart: false, known: [...teams.values()] },
    ].flat(),
  };
}

/** How many slots have each name. */
function countBy(slots: readonly Slot[], nameOf: (slot: Slot) => string | undefined): ReadonlyMap<string, KnownName> {
  const counts = new Map<string, KnownName>();
  for (const slot of slots) {
    const name = nameOf(slot);
    if (name === undefined) continue;
    const key = name.toLowerCase();
    const counted = counts.get(key);
    counts.set(key, { name: counted?.name ?? name, count: (counted?.count ?? 0) + 1 });
  }
  return counts;
}

function choose(
  field: UnknownName['field'],
  value: string | undefined,
  counts: ReadonlyMap<string, KnownName>,
): { readonly fits: (name: string) => boolean; readonly unknown?: UnknownName } {
  if (value === undefined) return { fits: () => true };
  if (counts.has(value.toLowerCase())) return { fits: (name) => name.toLowerCase() === value.toLowerCase() };
  const part = value.toLowerCase();
  return { fits: (name) => name.toLowerCase().includes(part), unknown: findName(field, value, counts) };
}

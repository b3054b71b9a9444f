import type { TimelineEntry } from './timeline-entry.ts';

type Named = Pick<TimelineEntry, 'service' | 'identity'>;

/** All services of a name: no digest has a space. */
const nameKey = (service: string): string => `name ${service.replaceAll('\n', ' ').toLowerCase()}`;

/** Which service an entry is of, as far as the entry alone says it. */
export const entryKey = ({ identity, service }: Named): string => identity ?? nameKey(service);

/**
 * Which service each of these is of. What 0.1.0 recorded has no more than a name: it is of the only service of that
 * name, where there is one.
 */
export function serviceKeysOf(all: Iterable<Named>): (one: Named) => string {
  const byName = new Map<string, Set<string>>();
  for (const { service, identity } of all) {
    if (identity === undefined) continue;
    const name = nameKey(service);
    const found = byName.get(name);
    if (found) found.add(identity);
    else byName.set(name, new Set([identity]));
  }
  return (one) => {
    if (one.identity !== undefined) return one.identity;
    const [only, ...others] = byName.get(nameKey(one.service)) ?? [];
    return only !== undefined && others.length === 0 ? only : nameKey(one.service);
  };
}

/** A service as it is shown. */
export interface ShownService {
  readonly service: string;
  readonly serviceKey: string;
}

/** True for one that shares its name with another: then more than the name has to be shown. */
export function createIsAmbiguous(all: Iterable<ShownService>): (one: Pick<ShownService, 'service'>) => boolean {
  const keys = new Map<string, string>();
  const shared = new Set<string>();
  for (const { service, serviceKey } of all) {
    const name = nameKey(service);
    const known = keys.get(name);
    if (known === undefined) keys.set(name, serviceKey);
    else if (known !== serviceKey) shared.add(name);
  }
  return ({ service }) => shared.has(nameKey(service));
}

import type { Redis } from 'ioredis';
import { FORGIVEN, type ForgivenField, findName, type KnownName, type UnknownName } from '../../domain/known-names.ts';
import type { TimelineEntry } from '../../domain/timeline-entry.ts';
import { type Facet, facetKey } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import { countIn } from './index-blocks.ts';
import type { TimelineSum } from './timeline-fold.ts';

export interface ResolvedNames {
  readonly selection: ChangeSelection;
  readonly unknown: readonly UnknownName[];
}

/**
 * Replaces a name that occurs nowhere by the names that contain it: `pay` finds `pay-api` and `pay-worker`. Where none
 * does, similar names are suggested.
 * @param count asked only where a name is unknown
 */
export async function resolveNames(
  redis: Redis,
  selection: ChangeSelection,
  count: () => Promise<NameCounts>,
): Promise<ResolvedNames> {
  const asked = FORGIVEN.flatMap((field) => {
    const value = selection.facets[field];
    return typeof value === 'string' ? [{ field, value }] : [];
  });
  const sizes = await Promise.all(asked.map(({ field, value }) => countIn(redis, facetKey(field, value))));
  const missing = asked.filter((_, at) => sizes[at]?.count === 0);
  if (missing.length === 0) return { selection, unknown: [] };
  const names = await count();
  const unknown = missing.map(({ field, value }) => findName(field, value, names[field]));
  const found = unknown.filter(({ isPart }) => isPart);
  const facets: Partial<Record<Facet, readonly string[]>> = Object.fromEntries(
    found.map(({ field, known }) => [field, known.map(({ name }) => name)]),
  );
  return { selection: { ...selection, facets: { ...selection.facets, ...facets } }, unknown };
}

/** By name in lower case, with the newest spelling. */
type Counts = ReadonlyMap<string, KnownName>;
/** How often each name occurs in the change log. */
export type NameCounts = Readonly<Record<ForgivenField, Counts>>;

function countAll(names: Iterable<KnownName>): Counts {
  const counts = new Map<string, KnownName>();
  for (const { name, count } of names) {
    const key = name.toLowerCase();
    const counted = counts.get(key);
    counts.set(key, counted ? { name: counted.name, count: counted.count + count } : { name, count });
  }
  return counts;
}

export const NAME_COUNTS: TimelineSum<NameCounts> = {
  of(entries) {
    const all = entries.map((lazy) => lazy.entry());
    const of = (nameOf: (entry: TimelineEntry) => string | undefined) =>
      countAll(all.map(nameOf).flatMap((name) => (name === undefined ? [] : { name, count: 1 })));
    return {
      environment: of(({ environment }) => environment.name),
      service: of(({ service }) => service),
      person: of(({ actor }) => actor),
    };
  },
  merge(newer, older) {
    const both = (field: ForgivenField) => countAll([...newer[field].values(), ...older[field].values()]);
    return { environment: both('environment'), service: both('service'), person: both('person') };
  },
};

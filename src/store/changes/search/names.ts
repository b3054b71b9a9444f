import type { Redis } from 'ioredis';
import {
  FORGIVEN,
  type ForgivenField,
  findName,
  type KnownName,
  type UnknownName,
} from '../../../domain/known-names.ts';
import { peopleCalled, suggestionsFor, type TextSuggestion } from '../../../domain/text-suggestions.ts';
import type { TimelineEntry } from '../../../domain/timeline-entry.ts';
import { subjectOf } from '../../../forges/page-address.ts';
import { inParts } from '../../../values/in-parts.ts';
import { within } from '../../../values/within.ts';
import { countIn } from '../packed/index-blocks.ts';
import type { TimelineSum } from '../timeline/timeline-fold.ts';
import { readView } from '../views.ts';
import { type Facet, facetKey } from './facets.ts';
import type { ChangeSelection } from './filter.ts';

export interface ResolvedNames {
  readonly selection: ChangeSelection;
  readonly unknown: readonly UnknownName[];
}

/** A text that names a deployment means that one. Any other is a text. */
export async function resolveDeployment(
  redis: Redis,
  { deployment: name, ...asked }: ChangeSelection,
): Promise<ChangeSelection> {
  const view = name === undefined ? undefined : await readView(redis, name);
  if (!view || view.droppedBy) return asked;
  const { text: _, ...selection } = asked;
  return { ...selection, deployment: view.deployment.key };
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

/** The first time, the names of all deployments are read. What was found is shown without waiting for that. */
const WAIT_MS = 100;
/** A suggestion is all that is shown where nothing was found. */
const WAIT_LONGER_MS = 1_000;

/**
 * What a text may have meant that finds nothing, or not all. Nothing for an address, which is no name, nor while the
 * names are being read: the next search has them.
 */
export async function textSuggestions(
  text: string | undefined,
  { names, found }: { readonly names: () => Promise<NameCounts>; readonly found: number },
): Promise<readonly TextSuggestion[]> {
  if (text === undefined || subjectOf(text)) return [];
  const counts = await within(found === 0 ? WAIT_LONGER_MS : WAIT_MS, names(), () => undefined);
  if (!counts) return [];
  return found === 0 ? suggestionsFor(text, counts) : peopleCalled(text, counts.person);
}

/** By name in lower case, with one of its spellings. */
type Counts = ReadonlyMap<string, KnownName>;
/** How often each name occurs in the change log. */
export type NameCounts = Readonly<Record<ForgivenField, Counts>>;

type MutableCounts = Map<string, KnownName>;

const NAME_OF: Readonly<Record<ForgivenField, (entry: TimelineEntry) => string | undefined>> = {
  environment: ({ environment }) => environment.name,
  service: ({ service }) => service,
  person: ({ actor }) => actor,
};

function add(counts: MutableCounts, name: string | undefined, by: 1 | -1): void {
  if (name === undefined) return;
  const key = name.toLowerCase();
  const counted = counts.get(key);
  const count = (counted?.count ?? 0) + by;
  if (count > 0) counts.set(key, { name: counted?.name ?? name, count });
  else counts.delete(key);
}

const eachField = (of: (field: ForgivenField) => Counts): NameCounts => ({
  environment: of('environment'),
  service: of('service'),
  person: of('person'),
});

export const NAME_COUNTS: TimelineSum<NameCounts> = {
  async of(entries) {
    const counts: Record<ForgivenField, MutableCounts> = {
      environment: new Map(),
      service: new Map(),
      person: new Map(),
    };
    await inParts(entries, (lazy) => {
      const entry = lazy.entry();
      for (const field of FORGIVEN) add(counts[field], NAME_OF[field](entry), 1);
    });
    return counts;
  },
  apply: (sum, changes) =>
    eachField((field) => {
      const counts: MutableCounts = new Map(sum[field]);
      for (const { before, after } of changes) {
        if (before) add(counts, NAME_OF[field](before.entry()), -1);
        if (after) add(counts, NAME_OF[field](after.entry()), 1);
      }
      return counts;
    }),
};

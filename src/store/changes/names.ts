import type { Redis } from 'ioredis';
import type { TimelineEntry } from '../../domain/timeline-entry.ts';
import { type Facet, facetKey } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import type { TimelineSum } from './timeline-fold.ts';

/** Fields that people type from memory, and get nearly right. */
const FORGIVEN = ['environment', 'service', 'person'] as const;
type CorrectedField = (typeof FORGIVEN)[number];

export interface KnownName {
  readonly name: string;
  /** Changes that have it. */
  readonly count: number;
}

/** A value that nothing has. */
export interface UnknownName {
  readonly field: CorrectedField | 'owner';
  readonly value: string;
  /** True: the names below hold it, and are shown in its place. */
  readonly isPart: boolean;
  /** The most used first. */
  readonly known: readonly KnownName[];
}

export interface ResolvedNames {
  readonly selection: ChangeSelection;
  readonly unknown: readonly UnknownName[];
}

/** More names than this in the place of one are no answer. */
const MAX_NAMES = 20;
const SUGGESTED = 5;
/** A name that is further away was not meant. */
const MAX_TYPOS = 2;
/** Comparing costs the product of two lengths. */
const MAX_COMPARED_CHARS = 60;

/**
 * Puts the names that hold what was written in its place, where nothing is called just so; `pay` finds `pay-api` and
 * `pay-worker`. Where none holds it, those that are nearly written so are suggested.
 * @param count asked only where something is not known
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
  const sizes = await Promise.all(asked.map(({ field, value }) => redis.zcard(facetKey(field, value))));
  const missing = asked.filter((_, at) => sizes[at] === 0);
  if (missing.length === 0) return { selection, unknown: [] };
  const names = await count();
  const unknown = missing.map(({ field, value }) => similar(field, value, names[field]));
  const found = unknown.filter(({ isPart }) => isPart);
  const facets: Partial<Record<Facet, readonly string[]>> = Object.fromEntries(
    found.map(({ field, known }) => [field, known.map(({ name }) => name)]),
  );
  return { selection: { ...selection, facets: { ...selection.facets, ...facets } }, unknown };
}

/** By name in lower case, which the newest spells. */
type Counts = ReadonlyMap<string, KnownName>;
/** How often each name stands in the change log. */
export type NameCounts = Readonly<Record<CorrectedField, Counts>>;

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
    const both = (field: CorrectedField) => countAll([...newer[field].values(), ...older[field].values()]);
    return { environment: both('environment'), service: both('service'), person: both('person') };
  },
};

function similar(field: CorrectedField, value: string, counts: Counts): UnknownName {
  const wanted = value.toLowerCase();
  const byCount = [...counts.values()].sort((a, b) => b.count - a.count);
  const parts = byCount.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (parts.length > 0) return { field, value, isPart: true, known: parts.slice(0, MAX_NAMES) };
  const near = byCount.filter(({ name }) => isNearly(name.toLowerCase(), wanted));
  return { field, value, isPart: false, known: near.slice(0, SUGGESTED) };
}

function isNearly(name: string, wanted: string): boolean {
  if (wanted.length < 3 || wanted.length > MAX_COMPARED_CHARS || name.length > MAX_COMPARED_CHARS) return false;
  if (name.length >= 3 && wanted.includes(name)) return true;
  return Math.abs(name.length - wanted.length) <= MAX_TYPOS && typosBetween(name, wanted) <= MAX_TYPOS;
}

/** Levenshtein: letters that are left out, put in or another. */
function typosBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(other, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** One sentence for a reader: `no service "payments": shown are payments-api (80), payments-worker (31)`. */
export function unknownNameText({ field, value, isPart, known }: UnknownName): string {
  const names = known.map(({ name, count }) => `${name} (${count.toLocaleString('en')})`).join(', ');
  const missing = `no ${field} is called "${value}"`;
  if (isPart) return `${missing}; shown: ${names}`;
  return names === '' ? missing : `${missing}; did you mean ${names}?`;
}

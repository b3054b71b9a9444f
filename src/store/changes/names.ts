import type { Redis } from 'ioredis';
import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import { type Facet, facetKey } from './facets.ts';
import type { ChangeSelection } from './filter.ts';

/** What people write by heart, and get nearly right. */
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
 * @param all every change, newest first; read only where something is not known
 */
export async function resolveNames(
  redis: Redis,
  selection: ChangeSelection,
  all: () => Promise<readonly LazyTimelineEntry[]>,
): Promise<ResolvedNames> {
  const asked = FORGIVEN.flatMap((field) => {
    const value = selection.facets[field];
    return typeof value === 'string' ? [{ field, value }] : [];
  });
  const sizes = await Promise.all(asked.map(({ field, value }) => redis.zcard(facetKey(field, value))));
  const missing = asked.filter((_, at) => sizes[at] === 0);
  if (missing.length === 0) return { selection, unknown: [] };
  const names = countNames(await all());
  const unknown = missing.map(({ field, value }) => similar(field, value, names[field]));
  const found = unknown.filter(({ isPart }) => isPart);
  const facets: Partial<Record<Facet, readonly string[]>> = Object.fromEntries(
    found.map(({ field, known }) => [field, known.map(({ name }) => name)]),
  );
  return { selection: { ...selection, facets: { ...selection.facets, ...facets } }, unknown };
}

type Counts = Map<string, { readonly name: string; count: number }>;

function countNames(entries: readonly LazyTimelineEntry[]): Record<CorrectedField, Counts> {
  const names: Record<CorrectedField, Counts> = { environment: new Map(), service: new Map(), person: new Map() };
  const count = (field: CorrectedField, name: string | undefined) => {
    if (name === undefined) return;
    const key = name.toLowerCase();
    const counted = names[field].get(key);
    if (counted) counted.count += 1;
    else names[field].set(key, { name, count: 1 });
  };
  for (const entry of entries) {
    const { environment, service, actor } = entry.entry();
    count('environment', environment.name);
    count('service', service);
    count('person', actor);
  }
  return names;
}

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

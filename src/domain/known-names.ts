import { editDistance } from '../values/edit-distance.ts';

/** Filters whose values people type from memory, and often slightly wrong. */
export const FORGIVEN = ['environment', 'service', 'person'] as const;
export type ForgivenField = (typeof FORGIVEN)[number];

export interface KnownName {
  readonly name: string;
  /** The number of changes, or slots, that have it. */
  readonly count: number;
}

/** A value that occurs nowhere. */
export interface UnknownName {
  readonly field: ForgivenField | 'owner';
  readonly value: string;
  /** True: the names below contain it, and are shown in its place. */
  readonly isPart: boolean;
  /** The most frequent first. */
  readonly known: readonly KnownName[];
}

/** A longer list of suggestions is no help. */
const MAX_NAMES = 20;
const SUGGESTED = 5;
/** A name at a greater distance was not meant. */
const MAX_TYPOS = 2;
/** Comparing costs the product of two lengths. */
const MAX_COMPARED_CHARS = 60;

/**
 * Names that may be meant by one that occurs nowhere.
 * @param counts by name in lower case
 */
export function findName(
  field: UnknownName['field'],
  value: string,
  counts: ReadonlyMap<string, KnownName>,
): UnknownName {
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
  return Math.abs(name.length - wanted.length) <= MAX_TYPOS && editDistance(name, wanted) <= MAX_TYPOS;
}

/** One sentence for a reader: `no service "payments": shown are payments-api (80), payments-worker (31)`. */
export function unknownNameText({ field, value, isPart, known }: UnknownName): string {
  const names = known.map(({ name, count }) => `${name} (${count.toLocaleString('en')})`).join(', ');
  const missing = `no ${field} is called "${value}"`;
  if (isPart) return `${missing}; shown: ${names}`;
  return names === '' ? missing : `${missing}; did you mean ${names}?`;
}

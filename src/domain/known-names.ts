import { editDistance } from '../values/edit-distance.ts';

/** Filters whose values people type from memory, and often slightly wrong. */
export const FORGIVEN = ['environment', 'service', 'person'] as const;
export type ForgivenField = (typeof FORGIVEN)[number];

export interface KnownName {
  readonly name: string;
  /** The number of changes, or slots, that have it. */
  readonly count: number;
  /** The log has other names of this person, or logins alone. */
  readonly isAlias?: true;
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
const SUGGESTED = 5; // in one sentence
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
  const wanted = bare(value);
  const byCount = [...counts.values()].sort((a, b) => b.count - a.count);
  const parts = wanted === '' ? [] : byCount.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (parts.length > 0) return { field, value, isPart: true, known: parts.slice(0, MAX_NAMES) };
  const near = byCount.filter(({ name }) => isNearly(name.toLowerCase(), wanted));
  return { field, value, isPart: false, known: near.slice(0, SUGGESTED) };
}

/** `@jonas` is jonas, and `payments-*` are the names that contain `payments-`. */
function bare(value: string): string {
  const lower = value.trim().toLowerCase();
  const begin = lower.startsWith('@') || lower.startsWith('*') ? 1 : 0;
  return lower.endsWith('*') ? lower.slice(begin, -1) : lower.slice(begin);
}

/** `paymetns` is nearly `payments-api`: a part of a name counts like the name. Separators do not count. */
function isNearly(full: string, typed: string): boolean {
  if (typed.length < 3 || typed.length > MAX_COMPARED_CHARS || full.length > MAX_COMPARED_CHARS) return false;
  const [name, wanted] = [full.replace(SEPARATORS, '-'), typed.replace(SEPARATORS, '-')];
  if (name.length >= 3 && wanted.includes(name)) return true;
  if (isWithin(name, wanted, MAX_TYPOS)) return true;
  const typos = wanted.length < LONG_CHARS ? 1 : MAX_TYPOS;
  return partsOf(name).some((part) => part.length >= LONG_CHARS - 1 && isWithin(part, wanted, typos));
}

const isWithin = (name: string, wanted: string, typos: number): boolean =>
  Math.abs(name.length - wanted.length) <= typos && editDistance(name, wanted) <= typos;

/** In a shorter word, two typos are another word. */
const LONG_CHARS = 6;
const MOST_PARTS = 6; // names of services have fewer
const SEPARATORS = /[-_./ @]/g;

/** The words of a name, and what it begins with: `api`, `gateway` and `api-gateway` of `api-gateway-eu`. */
function partsOf(name: string): string[] {
  const words = name.split('-', MOST_PARTS);
  if (words.length === 1) return [];
  let end = 0;
  const beginnings = words.slice(0, -1).map((word) => {
    end += word.length + 1;
    return name.slice(0, end - 1);
  });
  return [...new Set([...words, ...beginnings])];
}

/** One sentence for a reader: `no service "payments": shown are payments-api (80), payments-worker (31)`. */
export function unknownNameText({ field, value, isPart, known }: UnknownName): string {
  const names = known.map(({ name, count }) => `${name} (${count.toLocaleString('en')})`).join(', ');
  const missing = `no ${field} is called "${value}"`;
  if (isPart) return `${missing}; shown: ${names}`;
  return names === '' ? missing : `${missing}; did you mean ${names}?`;
}

import { editDistance } from './edit-distance.ts';

const MOST_TYPOS = 2; // with more, another name was meant
/** Comparing costs the product of two lengths. */
const MAX_COMPARED_CHARS = 60;

/** The name that was meant by one that is not known. Case and separators do not count, nor the order of the letters. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  const plain = (name: string) =>
    name
      .toLowerCase()
      .replace(/[-_. ]/g, '')
      .slice(0, MAX_COMPARED_CHARS);
  const sorted = (name: string) => [...plain(name)].sort().join('');
  const typosOf = (name: string) => (sorted(name) === sorted(wanted) ? 1 : editDistance(plain(wanted), plain(name)));
  const rated = [...names].map((name) => ({ name, typos: typosOf(name) }));
  const [best] = rated.sort((a, b) => a.typos - b.typos);
  return best && best.typos <= Math.min(MOST_TYPOS, plain(best.name).length / 3) ? best.name : undefined;
}

/** The same for the name of a parameter, which may also be a part of one: `env` is environment. */
export const meantName = (wanted: string, names: readonly string[]): string | undefined =>
  (wanted.length < LEAST_PART_CHARS
    ? undefined
    : (names.find((name) => name.startsWith(wanted)) ?? names.find((name) => name.includes(wanted)))) ??
  nearestName(wanted, names);

const LEAST_PART_CHARS = 3; // a shorter part occurs in many names

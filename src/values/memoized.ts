import { LRUCache } from 'lru-cache';

/** Longer texts seldom repeat, and a sender must not fill the memory with them. */
const LONGEST_CHARS = 200;
const MOST = 2_000;

/** A pure function of a text that remembers its last results: names and addresses repeat with each webhook. */
export function memoized<Result extends NonNullable<unknown>>(
  compute: (text: string) => Result,
): (text: string) => Result {
  const results = new LRUCache<string, Result>({ max: MOST });
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (text.length <= LONGEST_CHARS) results.set(text, result);
    return result;
  };
}

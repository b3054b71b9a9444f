/** Longer texts seldom repeat, and a sender must not fill the memory with them. */
const LONGEST_CHARS = 200;
/** Less than a megabyte; then it begins anew. */
const MOST = 2_000;

/**
 * A pure function of a text that remembers results: names and addresses repeat with each webhook. When there are too
 * many it forgets all of them: to keep the order of their use costs more than to compute one anew now and then.
 */
export function memoized<Result extends NonNullable<unknown>>(
  compute: (text: string) => Result,
): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (text.length > LONGEST_CHARS) return result;
    if (results.size >= MOST) results.clear();
    results.set(text, result);
    return result;
  };
}

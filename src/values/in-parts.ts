/** A few milliseconds of reading timeline entries: a million at once would keep webhooks waiting for seconds. */
const AT_ONCE = 2_000;

/** Calls `work` with each, in parts between which the event loop serves others. */
export async function inParts<T>(all: readonly T[], work: (one: T) => void, atOnce = AT_ONCE): Promise<void> {
  for (let from = 0; from < all.length; from += atOnce) {
    if (from > 0) await new Promise(setImmediate);
    for (const one of all.slice(from, from + atOnce)) work(one);
  }
}

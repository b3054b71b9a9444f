/**
 * Objects, lists and their entries: a pipeline hook with 6,000 jobs has as many. A body of 25 MiB could hold thirty
 * times as many empty ones, or be nested five million levels deep; either costs seconds.
 */
const MOST_VALUES = 300_000;

const [QUOTE, COMMA, OPEN_ARRAY, BACKSLASH, OPEN_OBJECT] = Buffer.from('",[\\{');

/**
 * The byte offset at which JSON exceeds the limit: a linear scan, before anything parses or walks it. Depth needs no
 * limit of its own, since each level counts as a value. Undefined: it is within the limit.
 */
export function beyondMostValues(json: Buffer): number | undefined {
  if (json.length <= MOST_VALUES) return undefined; // each takes a byte at least
  let values = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === QUOTE) isInText = !isInText;
    else if (isInText) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA || byte === OPEN_ARRAY || byte === OPEN_OBJECT) values += 1;
    if (values > MOST_VALUES) return at;
  }
  return undefined;
}

const SHOWN = MOST_VALUES.toLocaleString('en');
export const TOO_MANY_VALUES = `the body is too large to be read: more than ${SHOWN} values or levels; send fewer`;

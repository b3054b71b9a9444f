import { z } from 'zod';
import { wellFormed } from './text.ts';

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object of which nothing else is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;
export const JsonObject = z.record(z.string(), z.unknown());

export const asObject = (value: unknown): JsonObject | undefined => JsonObject.safeParse(value).data;

/** How JSON escapes a surrogate, half of a pair or both halves. In UTF-8 itself there are none. */
const ESCAPED_HALF = /\\u[dD][89a-fA-F]/;

/**
 * Parses foreign JSON, with U+FFFD for each half of a surrogate pair: encodeURIComponent, encoders and Redis' cjson
 * throw at those.
 * @throws SyntaxError
 */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return ESCAPED_HALF.test(text) ? withoutHalves(value) : value;
}

/** In place, and without recursion: the nesting may be as deep as the number of values. */
function withoutHalves(value: unknown): unknown {
  const root = { value };
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [name, part] of Object.entries(holder)) {
      const soundName = wellFormed(name);
      if (soundName !== name) Reflect.deleteProperty(holder, name);
      if (typeof part === 'object' && part !== null) open.push(part);
      if (typeof part === 'string' || soundName !== name)
        Reflect.set(holder, soundName, typeof part === 'string' ? wellFormed(part) : part);
    }
  }
  return root.value;
}

import type { Json } from '../../values/json.ts';
import { readText } from '../../values/text.ts';

/** What templates of senders print for a missing value. */
const NOTHING = new Set(['', 'null', 'undefined', '<no value>', '<nil>']);

/** A value as a text; numbers and booleans are written as in JSON. */
export function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const text = readText(String(value));
  return NOTHING.has(text) ? undefined : text;
}

export const textsOf = (value: Json | undefined): string[] => {
  const items: readonly Json[] = Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value ?? null];
  return [...new Set(items.flatMap((item) => textOf(item) ?? []))];
};

const MAX_ITEMS = 200;

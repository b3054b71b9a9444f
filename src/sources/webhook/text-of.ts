import type { Json } from '../../values/json.ts';
import { isNothing, isPlaceholder } from '../../values/placeholder.ts';
import { readText } from '../../values/text.ts';

/** A value as a text; numbers and booleans are written as in JSON. */
export function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const text = readText(String(value));
  return isNothing(text) || isPlaceholder(text) ? undefined : text;
}

export const textsOf = (value: Json | undefined): string[] => {
  const items: readonly Json[] = Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value ?? null];
  return [...new Set(items.flatMap((item) => textOf(item) ?? []))];
};

/** A record keeps fewer (domain/bounded-record.ts). */
const MAX_ITEMS = 200;

import type { Json } from '../values/json.ts';

/** What a path leads to. `oneOf` is one of a closed list; of `any` nothing is known before it comes. */
export type ValueType =
  | 'text'
  | 'number'
  | 'boolean'
  | 'time'
  | 'any'
  | { readonly oneOf: readonly string[] }
  | { readonly list: ValueType }
  | Fields;

export interface Fields {
  readonly fields: Readonly<Record<string, ValueType>>;
  /** There may be others, of which nothing is known. */
  readonly others?: 'any';
}

/** What templates see. */
export type Scope = Readonly<Record<string, Json>>;

/** Text of white space, a list or an object with nothing in it: nothing to tell anybody. */
export function isNothing(value: Json): boolean {
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).length === 0;
}

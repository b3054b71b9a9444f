import type { Json } from '../values/json.ts';

/** The shape of a value. `oneOf` is one of a closed list; of `any` nothing is known in advance. */
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
  /** Further fields are possible. */
  readonly others?: 'any';
}

/** The values that a template can use. */
export type Scope = Readonly<Record<string, Json>>;

/** White space, or an empty list or object. */
export function isEmptyValue(value: Json): boolean {
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).length === 0;
}

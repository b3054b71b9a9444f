import type { Json } from '../values/json.ts';
import type { Fields, Scope, ValueType } from './shape.ts';

/**
 * Computes a value; undefined when it is missing.
 * @throws ValueMissing when a required one is.
 */
export type Template = (scope: Scope) => Json | undefined;

/** The position of a template in the configuration, and the values that it may use. */
export interface TemplateContext {
  readonly shape: Fields;
  readonly path: readonly PropertyKey[];
  readonly complain: (path: readonly PropertyKey[], message: string) => void;
}

/** A value with `required: true` is missing. */
export class ValueMissing extends Error {
  override readonly name = 'ValueMissing';
  /** The position in the configuration. */
  readonly place: string;
  /** The paths that it is computed from. */
  readonly names: string;
  constructor(place: string, names: string) {
    super(`${place} needs ${names}`);
    this.place = place;
    this.names = names;
  }
}

export const inside = (at: TemplateContext, ...keys: readonly PropertyKey[]): TemplateContext => ({
  ...at,
  path: [...at.path, ...keys],
});

/** A value before its modifiers. */
export interface Computed {
  readonly value: Template;
  /** Absent when only the deployment gives it. */
  readonly type?: ValueType;
  /** The name of the missing value in messages. */
  readonly names: string;
}

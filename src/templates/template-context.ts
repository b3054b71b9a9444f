import type { Json } from '../values/json.ts';
import type { Fields, Scope, ValueType } from './shape.ts';

/** Computes a value; undefined when it is missing. @throws ValueMissing when a required one is. */
export type Template = (scope: Scope) => Json | undefined;

/** Where in the configuration a template stands, and what it may name. */
export interface TemplateContext {
  readonly shape: Fields;
  readonly path: readonly PropertyKey[];
  readonly complain: (path: readonly PropertyKey[], message: string) => void;
}

/** A value with `required: true` that nothing gives. */
export class ValueMissing extends Error {
  override readonly name = 'ValueMissing';
  /** Where it stands in the configuration. */
  readonly place: string;
  /** What it is computed of. */
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
  /** Absent when only the deployment tells. */
  readonly type?: ValueType;
  /** What a person is told is missing. */
  readonly names: string;
}

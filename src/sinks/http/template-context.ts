import type { Json } from '../../values/json.ts';
import type { Fields, ValueType } from './facts.ts';
import type { Scope } from './scope.ts';

/** Computes a value; undefined when it is missing. @throws DeliveryFailed `never` when a required one is. */
export type Template = (scope: Scope) => Json | undefined;

/** Where in the configuration a template stands, and what it may name. */
export interface TemplateContext {
  readonly shape: Fields;
  readonly path: readonly PropertyKey[];
  readonly complain: (path: readonly PropertyKey[], message: string) => void;
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

import type { Advice } from './advice.ts';
import type { Requirement } from './needs.ts';
import type { Written } from './written.ts';

/** A destination that is described already: data in the language of the configuration. */
export interface Preset {
  /** Raised when the destination changes what it accepts. */
  readonly version: number;
  /** Names that must, or may, be given under `settings`. Without a default and not optional: must. */
  readonly settings: Readonly<
    Record<string, { readonly what: string; readonly default?: string; readonly optional?: true }>
  >;
  readonly secrets: Readonly<Record<string, { readonly what: string; readonly optional?: true }>>;
  readonly request: Written & { readonly url: string };
  /**
   * A deployment without one of these is not delivered. Does not apply where the configuration has a URL or body of its
   * own.
   */
  readonly needs?: readonly Requirement[];
  /**
   * What its refusals mean, and what to do: instead of the general advice. Not for a URL of the user's own, which may
   * be another service.
   */
  readonly advice?: readonly Advice[];
  /** The secret without which no updates or follow-ups are sent, because the destination would refuse them. */
  readonly updateNeeds?: string;
}

import type { Advice } from './advice.ts';
import type { Requirement } from './needs.ts';
import type { Written } from './written.ts';

/** A destination that somebody has written down already: data in the language of the configuration. */
export interface Preset {
  /** Grows when the destination changes what it takes. */
  readonly version: number;
  /** What must, or may, stand under `settings`. Without a default and not optional: it must. */
  readonly settings: Readonly<
    Record<string, { readonly what: string; readonly default?: string; readonly optional?: true }>
  >;
  readonly secrets: Readonly<Record<string, { readonly what: string; readonly optional?: true }>>;
  readonly request: Written & { readonly url: string };
  /**
   * A deployment without one of these is not delivered. Who writes a URL or body of their own may need something else:
   * then
   * it does not count.
   */
  readonly needs?: readonly Requirement[];
  /**
   * What its refusals mean, and what to do: instead of the words that fit any address. Not for a URL of the user's own,
   * which may lead anywhere.
   */
  readonly advice?: readonly Advice[];
  /** The secret without which nothing is updated, nor follows, because the destination would refuse it. */
  readonly updateNeeds?: string;
}

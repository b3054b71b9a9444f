import { z } from 'zod';
import { Time } from '../../values/time.ts';

/* What several answers have in common. */

export const Count = z.int().nonnegative();

/** Who is called when the service breaks, as the configuration says. */
export const Owner = z.strictObject({
  team: z.string(),
  channel: z.string().optional(),
  runbook: z.string().optional(),
  on_call: z.string().optional(),
});

/** Alert24's error envelope: one shape everywhere under /api. */
export const Failure = z.strictObject({
  error: z.strictObject({ type: z.string(), message: z.string(), status: z.int() }),
});

export const UnknownName = z.strictObject({
  message: z.string(),
  field: z.string(),
  value: z.string(),
  shown: z.boolean(),
  did_you_mean: z.array(z.strictObject({ name: z.string(), count: Count })),
});

/**
 * For several filters or a text, where not everything was searched: there may be more further back, and the total is
 * that of the part that was. The next page continues the search.
 */
export const SearchStopped = {
  /** How many were searched, newest first. */
  searched: Count.optional(),
  /** All from then on were searched: a query with this as `until` continues. */
  searched_since: Time.optional(),
};

export const PageMeta = z.strictObject({
  total: Count,
  limit: Count,
  offset: Count,
  has_more: z.boolean(),
  ...SearchStopped,
  /** Names that occur nowhere. `shown`: the names that contain them are shown in their place. */
  unknown: z.array(UnknownName).optional(),
  /** In a search of the inbox: the offset from which to continue. */
  next: Count.optional(),
});

import { z } from 'zod';
import type { ChangeRecord } from './change-record.ts';

/** Redis' own encoder writes an empty list as an object. */
const ListOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((list) => (Array.isArray(list) ? list : []), z.array(item));

/**
 * A numbered deployment. `told` is how far it was reported: `lost` not at all, it was read from the history; `open` its
 * start; `done` its end. Times are epoch milliseconds.
 */
const Entry = z.object({
  id: z.number(),
  key: z.string().optional(),
  told: z.enum(['lost', 'open', 'done']),
  /** When it was deployed. */
  at: z.number().optional(),
  start: z.number().optional(),
  after: z.number().optional(),
  rev: z.string().optional(),
});
export type Entry = z.infer<typeof Entry>;

/** A deployment that was reported, by its start. `told`: as for an entry; `over`: it ended, and has no number. */
const Start = z.object({
  at: z.number(),
  key: z.string(),
  told: z.enum(['open', 'done', 'over']),
  stop: z.number().optional(),
  id: z.number().optional(),
  /** What was deployed, by which attempt, and when that was first reported: one start may deploy a second revision. */
  rev: z.string().optional(),
  attempt: z.number().optional(),
  seen: z.number().optional(),
  /** It supersedes nothing. */
  aside: z.literal(true).optional(),
  /** The first end that was reported, and when. */
  end: z.object({ state: z.string(), at: z.number() }).optional(),
});
export type Start = z.infer<typeof Start>;

/**
 * The serial history of an application that runs one deployment at a time, and numbers those that it applied: a number
 * belongs to the last start before it was deployed, and each start ends the deployments before it. Documents of earlier
 * releases are read, too.
 */
export const Serial = z.object({
  /** The highest number at the first signal: what is not above it is the past, not lost. */
  baseline: z.number(),
  entries: ListOf(Entry),
  starts: ListOf(Start),
  /** The highest number that is no longer among the entries. */
  forgotten: z.number().optional(),
  /** What the history showed as the past: the first signal need not be the first that arrives. Newest last. */
  held: ListOf(z.custom<ChangeRecord>()).optional(),
  /** When the application was deleted. */
  ended: z.number().optional(),
});
export type Serial = z.infer<typeof Serial>;

/**
 * `assigned`: it is part of that deployment. `repeated`: it repeats what was reported. `too_old`: no signal of the
 * deployment came before, and it is older than the source accepts.
 */
export type SerialResult =
  | { readonly kind: 'assigned'; readonly record: ChangeRecord }
  | { readonly kind: 'repeated' | 'too_old' };

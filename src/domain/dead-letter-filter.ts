import { z } from 'zod';
import { MomentText, parseMoment } from '../values/moment.ts';

/** `refused` by the destination, or our own `fault`. */
const DEAD_KINDS = ['refused', 'fault'] as const;
export type DeadKind = (typeof DEAD_KINDS)[number];

/** An empty part is refused: one that fell away would mean all of them. */
const Part = z.string().trim().min(1, 'is empty: leave it out, or write what to look for').max(1_000).optional();

/** Which dead letters, as the API, the pages and the command line take it. */
export const DeadLetterFields = z.strictObject({
  id: Part,
  /** The sink's name, or `record`. */
  sink: Part,
  source: Part,
  deployment: Part,
  kind: z.enum(DEAD_KINDS).optional(),
  /** Part of the destination's words, in any case. */
  reason: Part,
  /** Died at or after this moment. */
  since: MomentText.optional(),
  /** Died before this moment. */
  until: MomentText.optional(),
});
export type DeadLetterFields = z.infer<typeof DeadLetterFields>;

export interface DeadLetterFilter {
  readonly id?: string | undefined;
  readonly sink?: string | undefined;
  readonly source?: string | undefined;
  readonly deployment?: string | undefined;
  readonly kind?: DeadKind | undefined;
  /** Part of the destination's words, in any case. */
  readonly reason?: string | undefined;
  /** Died at or after this time, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Died before this time, epoch milliseconds: what was tried again and died again is another matter. */
  readonly untilMs?: number | undefined;
}

export const toDeadLetterFilter = (fields: DeadLetterFields, now: Date): DeadLetterFilter => {
  const { id, sink, source, deployment, kind, reason, since, until } = fields;
  const sinceMs = since === undefined ? undefined : parseMoment(since, now)?.getTime();
  const untilMs = until === undefined ? undefined : parseMoment(until, now)?.getTime();
  return { id, sink, source, deployment, kind, reason, sinceMs, untilMs };
};

const { until: _, ...narrowing } = DeadLetterFields.shape;
/** The parts that say which. `until` alone says none: every order has one, against what dies meanwhile. */
export const NARROWING = Object.keys(narrowing) as readonly (keyof typeof narrowing)[]; // its own keys

/** Whether it says which. What does not means all of them, and an order must say so. */
export const isFiltered = (fields: DeadLetterFields): boolean => NARROWING.some((part) => fields[part] !== undefined);

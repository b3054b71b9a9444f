import { z } from 'zod';
import { MomentText, parseMoment } from '../values/time.ts';

/** `refused` by the destination, or our own `fault`. */
const DEAD_KINDS = ['refused', 'fault'] as const;
export type DeadKind = (typeof DEAD_KINDS)[number];

/** An empty value is refused: a filter that was dropped would select all dead letters. */
const Part = z.string().trim().min(1, 'is empty: leave it out, or write what to look for').max(1_000).optional();

/** Which dead letters, as the API, the pages and the command line take it. */
export const DeadLetterFields = z.strictObject({
  id: Part,
  /** The sink's name, or `record`. */
  sink: Part,
  source: Part,
  deployment: Part,
  kind: z.enum(DEAD_KINDS).optional(),
  /** Part of the message, in any case. */
  reason: Part,
  /** The whole reason, without the parts that differ between dead letters (causeOf). */
  cause: Part,
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
  /** Part of the message, in any case. */
  readonly reason?: string | undefined;
  readonly cause?: string | undefined;
  /** Died at or after this time, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Died before this time, epoch milliseconds: one that was retried and died again later is not selected. */
  readonly untilMs?: number | undefined;
}

export const toDeadLetterFilter = (fields: DeadLetterFields, now: Date): DeadLetterFilter => {
  const { id, sink, source, deployment, kind, reason, cause, since, until } = fields;
  const sinceMs = since === undefined ? undefined : parseMoment(since, now)?.getTime();
  const untilMs = until === undefined ? undefined : parseMoment(until, now)?.getTime();
  return { id, sink, source, deployment, kind, reason, cause, sinceMs, untilMs };
};

const { until: _, ...narrowing } = DeadLetterFields.shape;
/** The parts that select. `until` alone does not: every order has it, to exclude what dies meanwhile. */
export const NARROWING = Object.keys(narrowing) as readonly (keyof typeof narrowing)[]; // its own keys

/** Longer reasons only differ in their ends. */
const MAX_CAUSE_CHARS = 300;
/** Ids and times, which a destination generates for each answer. */
const GENERATED =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{16,64}\b|\b\d{4}-\d\d-\d\dT[\d:.]+Z?/gi;
const LEFT_OUT = '…';

/** What several dead letters have in common: the message without the deployment, ids and times in it. */
export function causeOf({
  why,
  deployment,
  webhook,
}: {
  readonly why: string;
  readonly deployment?: string | undefined;
  readonly webhook?: string | undefined;
}): string {
  const own = [deployment, webhook].filter((name) => name !== undefined && name !== '');
  const message = own.reduce<string>((text, name) => text.replaceAll(name ?? '', LEFT_OUT), why);
  return message.replace(GENERATED, LEFT_OUT).slice(0, MAX_CAUSE_CHARS).trim();
}

/** Whether it selects anything. A filter that does not means all dead letters, and an order must say so explicitly. */
export const isFiltered = (fields: Readonly<Partial<Record<keyof DeadLetterFields, unknown>>>): boolean =>
  NARROWING.some((part) => fields[part] !== undefined);

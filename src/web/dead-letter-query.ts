import { z } from 'zod';
import type { DeadLetterFilter } from '../queue/dead-letters.ts';

const Text = z
  .string()
  .trim()
  .max(300)
  .transform((text) => text || undefined)
  .optional();
/** Which dead letters. Whatever cannot be read is refused: a filter that fell away would mean all of them. */
export const DeadLetterQuery = z.object({
  id: Text,
  sink: Text,
  source: Text,
  kind: z
    .enum(['', 'refused', 'fault'])
    .transform((kind) => kind || undefined)
    .optional(),
  reason: Text,
  /** Died before, epoch milliseconds. */
  until: z.coerce.number().int().positive().optional(),
});
/** As an order. Everything at once must be said, as the API has it: nobody drops all of them by an empty form. */
export const DeadLetterOrder = DeadLetterQuery.extend({
  all: z.literal('1').optional(),
  remap: z.literal('1').optional(),
}).refine(({ all, remap: _, ...query }) => all || Object.values(query).some((part) => part !== undefined));
export type DeadLetterQuery = z.infer<typeof DeadLetterQuery>;

export const toFilter = ({ until, ...filter }: DeadLetterQuery): DeadLetterFilter => ({ ...filter, untilMs: until });

/** As the values of a form or an address. */
const fieldsOf = ({ until, ...filter }: DeadLetterQuery): Record<string, string | undefined> => ({
  ...filter,
  until: until === undefined ? undefined : String(until),
});

/** What an order of all that fit carries: that all are meant where nothing else is said. */
export function orderOf(query: DeadLetterQuery): Record<string, string | undefined> {
  const fields = fieldsOf(query);
  return Object.values(fields).some((field) => field !== undefined) ? fields : { all: '1' };
}

export function deliveriesPath(query: DeadLetterQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fieldsOf(query))) if (value !== undefined) search.set(name, value);
  return search.size > 0 ? `/deliveries?${search}` : '/deliveries';
}

export const dropPath = (query: DeadLetterQuery): string =>
  deliveriesPath(query).replace('/deliveries', '/actions/drop');

export const isFiltered = ({ sink, source, kind, reason, id, until }: DeadLetterQuery): boolean =>
  (sink ?? source ?? kind ?? reason ?? id ?? until) !== undefined;

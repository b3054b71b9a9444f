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
export type DeadLetterQuery = z.infer<typeof DeadLetterQuery>;

export const toFilter = ({ until, ...filter }: DeadLetterQuery): DeadLetterFilter => ({ ...filter, untilMs: until });

/** As the values of a form or an address. */
export const fieldsOf = ({ until, ...filter }: DeadLetterQuery): Record<string, string | undefined> => ({
  ...filter,
  until: until === undefined ? undefined : String(until),
});

export function deliveriesPath(query: DeadLetterQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fieldsOf(query))) if (value !== undefined) search.set(name, value);
  return search.size > 0 ? `/deliveries?${search}` : '/deliveries';
}

export const dropPath = (query: DeadLetterQuery): string =>
  deliveriesPath(query).replace('/deliveries', '/actions/drop');

export const isFiltered = ({ sink, source, kind, reason, id, until }: DeadLetterQuery): boolean =>
  (sink ?? source ?? kind ?? reason ?? id ?? until) !== undefined;

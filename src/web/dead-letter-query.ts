import { z } from 'zod';
import { DeadLetterFields, isFiltered } from '../domain/dead-letter-filter.ts';

/** A form sends its empty fields, too: they filter nothing. */
const withoutEmpty = (sent: unknown): unknown =>
  Object.fromEntries(
    Object.entries(sent ?? {}).filter(([, value]) => typeof value !== 'string' || value.trim() !== ''),
  );

const Sent = z.object(DeadLetterFields.shape);
/** Selects dead letters. A value that cannot be read is refused: a filter that was dropped would select all. */
export const DeadLetterQuery = z.preprocess(withoutEmpty, Sent);
/**
 * The same for an order. Selecting all of them must be explicit, as in the API: an empty form must not drop all of
 * them.
 */
export const DeadLetterOrder = z.preprocess(
  withoutEmpty,
  Sent.extend({ all: z.literal('1').optional(), remap: z.literal('1').optional() }).refine(
    (order) => order.all !== undefined || isFiltered(order),
  ),
);

/** The parameters of an order for all that match: `all` where there is no other filter. */
export const orderOf = (query: DeadLetterFields): Readonly<Record<string, string | undefined>> =>
  isFiltered(query) ? query : { ...query, all: '1' };

export function deliveriesPath(query: DeadLetterFields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  return search.size > 0 ? `/deliveries?${search}` : '/deliveries';
}

export const dropPath = (query: DeadLetterFields): string =>
  deliveriesPath(query).replace('/deliveries', '/actions/drop');

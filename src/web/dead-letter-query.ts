import { z } from 'zod';
import { DeadLetterFields, isFiltered } from '../domain/dead-letter-filter.ts';

/** A form sends its empty fields, too: they ask for nothing. */
const withoutEmpty = (sent: unknown): unknown =>
  Object.fromEntries(
    Object.entries(sent ?? {}).filter(([, value]) => typeof value !== 'string' || value.trim() !== ''),
  );

const Sent = z.object(DeadLetterFields.shape);
/** Which dead letters. Whatever cannot be read is refused: a filter that fell away would mean all of them. */
export const DeadLetterQuery = z.preprocess(withoutEmpty, Sent);
/** As an order. Everything at once must be said, as the API has it: nobody drops all of them by an empty form. */
export const DeadLetterOrder = z.preprocess(
  withoutEmpty,
  Sent.extend({ all: z.literal('1').optional(), remap: z.literal('1').optional() }).refine(
    (order) => order.all !== undefined || isFiltered(order),
  ),
);

/** What an order of all that fit carries: that all are meant where nothing else is said. */
export const orderOf = (query: DeadLetterFields): Readonly<Record<string, string | undefined>> =>
  isFiltered(query) ? query : { ...query, all: '1' };

export function deliveriesPath(query: DeadLetterFields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  return search.size > 0 ? `/deliveries?${search}` : '/deliveries';
}

export const dropPath = (query: DeadLetterFields): string =>
  deliveriesPath(query).replace('/deliveries', '/actions/drop');

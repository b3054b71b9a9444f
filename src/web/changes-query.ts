import { z } from 'zod';
import { State } from '../domain/change-record.ts';
import type { Window } from '../domain/timeline.ts';
import type { ChangeFilter } from '../store/deployments.ts';

const HOUR_MS = 3_600_000;
/** Before `all`, shortest first. */
export const RANGES = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS } as const;
export type Range = keyof typeof RANGES | 'all';
export const RANGE_NAMES: readonly Range[] = ['1h', '24h', '7d', '30d', 'all'];
export const USUAL_RANGE = '24h';

const Text = z.string().trim().min(1).max(300).optional().catch(undefined);
/** A form without script sends no zone: then it is UTC, as its label says. */
const Time = z
  .string()
  .transform((text) => Date.parse(/^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text) ? `${text}Z` : text))
  .pipe(z.number().int().min(0).max(8.64e15))
  .optional()
  .catch(undefined);

/** All that the page shows stands in its URL, so that it can be passed on. */
export const ChangesQuery = z.object({
  environment: Text,
  service: Text,
  source: Text,
  status: State.optional().catch(undefined),
  person: Text,
  text: Text,
  range: z.enum(['1h', '24h', '7d', '30d', 'all']).optional().catch(undefined),
  /** Epoch milliseconds; what happened at `to` is not in it. Absent: now, and it goes on. */
  from: Time,
  to: Time,
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});
export type ChangesQuery = z.infer<typeof ChangesQuery>;

const FILTERS = ['text', 'environment', 'service', 'person', 'source', 'status'] as const;
export const isFiltered = (query: ChangesQuery): boolean => FILTERS.some((name) => query[name] !== undefined);

/** The same page with something changed; always on its first page unless another is named. */
export function addressOf(query: ChangesQuery, change: Partial<ChangesQuery> = {}): string {
  const next = { ...query, page: 1, ...change };
  const search = new URLSearchParams();
  for (const name of FILTERS) if (next[name] !== undefined) search.set(name, next[name]);
  if (next.range !== undefined && next.from === undefined) search.set('range', next.range);
  if (next.from !== undefined) search.set('from', new Date(next.from).toISOString());
  if (next.to !== undefined) search.set('to', new Date(next.to).toISOString());
  if (next.page > 1) search.set('page', String(next.page));
  return search.size > 0 ? `/?${search}` : '/';
}

/** A span that begins and ends at one moment would show nothing: a minute around it. */
export function spanOf({ fromMs, toMs }: Window): Partial<ChangesQuery> {
  const least = Math.max(0, 60_000 - (toMs - fromMs)) / 2;
  return { from: Math.floor(fromMs - least), to: Math.ceil(toMs + least) + 1, range: undefined };
}

/** The span of time that the query names. `fromMs` is absent for all. */
export function reachOf(query: ChangesQuery, now: Date, range: Range): { fromMs?: number; toMs: number } {
  const toMs = query.to ?? now.getTime();
  if (query.from !== undefined) return { fromMs: query.from, toMs };
  return range === 'all' ? { toMs } : { fromMs: toMs - RANGES[range], toMs };
}

export function filterOf(query: ChangesQuery, { fromMs }: { fromMs?: number }): Omit<ChangeFilter, 'limit' | 'offset'> {
  const { environment, service, source, status, person, text, to } = query;
  return {
    facets: {
      ...(environment && { environment }),
      ...(service && { service }),
      ...(source && { source }),
      ...(status && { status }),
      ...(person && { person }),
    },
    ...(text && { text }),
    ...(fromMs !== undefined && { sinceMs: fromMs }),
    // What a fast clock dates ahead of ours is shown where no end is asked for.
    ...(to !== undefined && { untilMs: to - 1 }),
  };
}

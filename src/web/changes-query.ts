import { z } from 'zod';
import type { Window } from '../domain/timeline.ts';
import {
  type ChangeFilterQuery,
  type ChangeSelection,
  type FilterProblem,
  readChangeFilter,
  toChangeFilter,
  toSpan,
} from '../store/changes/filter.ts';

const HOUR_MS = 3_600_000;
/** Ranges before `all`, shortest first. */
export const RANGES = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS } as const;
export type Range = keyof typeof RANGES | 'all';
export const RANGE_NAMES = ['1h', '24h', '7d', '30d', 'all'] as const satisfies readonly Range[];
export const USUAL_RANGE = '24h';

const Page = z.object({
  range: z.enum(RANGE_NAMES).optional().catch(undefined),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});

/** Everything that the page shows is in its URL, so that it can be shared. */
export interface ChangesQuery extends Omit<ChangeFilterQuery, 'since' | 'until'>, z.output<typeof Page> {
  /** Epoch milliseconds; exclusive. Absent: now, and the page stays live. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The usual filter (store/changes/filter.ts), with the page's own names for the ends: `from` and `to`. */
export function readChangesQuery(
  asked: unknown,
  now: Date,
): ChangesQuery & { readonly problems: readonly FilterProblem[] } {
  const given: Record<string, unknown> = { ...(asked as object | undefined) }; // express's parsed query
  const { since = given['from'], until = given['to'] } = given;
  const { query, problems: unread } = readChangeFilter({ ...given, since, until });
  const problems = [...unread, ...unknownParameters(given)];
  const { since: _, until: __, ...filter } = query;
  const { sinceMs, untilMs } = toSpan(query, now);
  return { ...filter, from: sinceMs, to: untilMs, ...Page.parse(given), problems };
}

/** Further parameters of our own links and forms. */
const OTHERS = ['range', 'from', 'to', 'since', 'until', 'page', 'did', 'count'];

const unknownParameters = (given: Record<string, unknown>): FilterProblem[] =>
  Object.keys(given)
    .filter((name) => !OTHERS.includes(name) && !(FILTERS as readonly string[]).includes(name))
    .map((field) => ({ field, message: `it is not known; known are ${[...FILTERS, 'since', 'until'].join(', ')}` }));

const FILTERS = [
  'text',
  'environment',
  'service',
  'service_id',
  'person',
  'owner',
  'source',
  'status',
  'branch',
  'commit_sha',
  'tier',
  'change_type',
  'risk',
  'tag',
] as const;
export const isFiltered = (query: ChangesQuery): boolean => FILTERS.some((name) => query[name] !== undefined);

/** The same page with something changed; always its first page unless another is named. */
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

/** The time span of the query. `fromMs` is absent for all. */
export function reachOf(query: ChangesQuery, now: Date, range: Range): { fromMs?: number; toMs: number } {
  const toMs = query.to ?? now.getTime();
  if (query.from !== undefined) return { fromMs: query.from, toMs };
  return range === 'all' ? { toMs } : { fromMs: toMs - RANGES[range], toMs };
}

export function filterOf(query: ChangesQuery, { fromMs }: { fromMs?: number }): ChangeSelection {
  const asked = { ...query, ...(query.to !== undefined && { until: new Date(query.to).toISOString() }) };
  return { ...toChangeFilter(asked, new Date(0)), ...(fromMs !== undefined && { sinceMs: fromMs }) };
}

/** The parameters of the page, whichever page of the list it is. */
export const selectionOf = (query: ChangesQuery, now: Date): ChangeSelection =>
  filterOf(
    query,
    reachOf(query, now, query.range ?? (query.from === undefined && query.to === undefined ? 'all' : USUAL_RANGE)),
  );

import { z } from 'zod';
import type { Window } from '../domain/timeline.ts';
import {
  type ChangeFilterQuery,
  type ChangeSelection,
  type FilterProblem,
  readChangeFilter,
  toChangeFilter,
  toSpan,
} from '../store/changes/search/filter.ts';
import { wellFormed } from '../values/text.ts';
import { meantName } from '../values/typos.ts';
import { HOUR_MS } from '../values/units.ts';

/** Ranges before `all`, shortest first. */
export const RANGES = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS } as const;
export type Range = keyof typeof RANGES | 'all';
export const RANGE_NAMES = ['1h', '24h', '7d', '30d', 'all'] as const satisfies readonly Range[];
const USUAL_RANGE = '24h';

/** What is not over yet may have begun long ago, and those that did are looked for. */
export const usualRangeOf = ({ status, to }: Pick<ChangesQuery, 'status' | 'to'>): Range =>
  to === undefined && (status === 'running' || status === 'pending' || status === 'stale') ? 'all' : USUAL_RANGE;

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

/** The usual filter (store/changes/search/filter.ts), with the page's own names for the ends: `from` and `to`. */
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
    .filter((name) => !OTHERS.includes(name) && !isFilter(name))
    .map((field) => {
      const meant = meantName(field, FILTERS);
      const known = `known are ${[...FILTERS, 'since', 'until'].join(', ')}`;
      return { field, message: `it is not known; ${meant ? `did you mean ${meant}? ` : ''}${known}` };
    });

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
  // A page has hundreds of addresses: a literal with two spreads takes longer than all the rest.
  const from = 'from' in change ? change.from : query.from;
  const to = 'to' in change ? change.to : query.to;
  const range = 'range' in change ? change.range : query.range;
  const { page = 1 } = change;
  let search = filtersOf(query, change);
  if (range !== undefined && from === undefined) search += `&range=${range}`;
  if (from !== undefined) search += `&from=${new Date(from).toISOString()}`;
  if (to !== undefined) search += `&to=${new Date(to).toISOString()}`;
  if (page > 1) search += `&page=${page}`;
  return search === '' ? '/' : `/?${search.slice(1)}`;
}

/** Most addresses of a page differ in their time alone. */
const filtersByQuery = new WeakMap<ChangesQuery, string>();

function filtersOf(query: ChangesQuery, change: Partial<ChangesQuery>): string {
  if (Object.keys(change).some(isFilter)) return filterParameters(query, change);
  const filters = filtersByQuery.get(query) ?? filterParameters(query, {});
  filtersByQuery.set(query, filters);
  return filters;
}

const FILTER_NAMES: ReadonlySet<string> = new Set(FILTERS);
const isFilter = (name: string): boolean => FILTER_NAMES.has(name);

function filterParameters(query: ChangesQuery, change: Partial<ChangesQuery>): string {
  let parameters = '';
  for (const name of FILTERS) {
    const value = name in change ? change[name] : query[name];
    if (value !== undefined) parameters += `&${name}=${encoded(value)}`;
  }
  return parameters;
}

/** Legible where that is allowed: nothing in a query ends with a slash or a colon. */
const encoded = (value: string): string =>
  encodeURIComponent(wellFormed(value)).replace(/%(?:20|2F|3A)/g, (code) => LEGIBLE[code] ?? code);
const LEGIBLE: Readonly<Record<string, string>> = { '%20': '+', '%2F': '/', '%3A': ':' };

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

export function filterOf(query: ChangesQuery, { fromMs }: { fromMs?: number }, now: Date): ChangeSelection {
  const asked = { ...query, ...(query.to !== undefined && { until: new Date(query.to).toISOString() }) };
  return { ...toChangeFilter(asked, now), ...(fromMs !== undefined && { sinceMs: fromMs }) };
}

/** The parameters of the page, whichever page of the list it is. */
export const selectionOf = (query: ChangesQuery, now: Date): ChangeSelection =>
  filterOf(
    query,
    reachOf(query, now, query.range ?? (query.from === undefined && query.to === undefined ? 'all' : USUAL_RANGE)),
    now,
  );

import type { Redis } from 'ioredis';
import type { Deployment } from '../domain/deployment.ts';
import type { ChangeFilter, Listed } from './deployments.ts';
import { EVERYTHING, FACETS, facetKey, SHORT_SHA, shasOf } from './facets.ts';
import { key, PREFIX } from './keys.ts';
import type { Slice } from './marks.ts';
import { createScript } from './script.ts';
import { createTextMatch, SEARCHED } from './search.ts';

type ReadAll = (names: readonly string[]) => Promise<Deployment[]>;

/** One commit is deployed once to each environment of each service, and again now and then. */
const MAX_OF_ONE_COMMIT = 2_000;

/** Views read at once: about a megabyte. */
const SEARCH_PAGE = 500;

/** A page of the change log, newest first. */
export async function list(redis: Redis, filter: ChangeFilter, read: ReadAll): Promise<Listed> {
  const slice = await sliceOf(redis, filter);
  const listed = await listSlice(redis, { filter, slice, read });
  return slice.isWhole ? listed : { ...listed, searched: SEARCHED };
}

interface Listing {
  readonly filter: ChangeFilter;
  readonly slice: Slice;
  readonly read: ReadAll;
}

async function listSlice(redis: Redis, { filter, slice, read }: Listing): Promise<Listed> {
  const { commit } = filter.facets;
  const within = (limit: number, offset = 0) =>
    redis.zrevrangebyscore(slice.index, slice.max, slice.min, 'LIMIT', offset, limit);
  if (filter.text) return search(await within(SEARCHED + 1), { ...filter, text: filter.text }, read);
  if (commit && commit.length > SHORT_SHA)
    return narrow(await within(MAX_OF_ONE_COMMIT), { ...filter, commit: commit.toLowerCase() }, read);
  const [total, names] = await Promise.all([
    redis.zcount(slice.index, slice.min, slice.max),
    within(filter.limit, filter.offset),
  ]);
  return { deployments: await read(names), total };
}

/** The index that holds exactly what the facets name, and the part of it that lies in the time asked for. */
export async function sliceOf(
  redis: Redis,
  filter: Pick<ChangeFilter, 'facets' | 'sinceMs' | 'untilMs'>,
): Promise<Slice & { readonly isWhole: boolean }> {
  const { commit } = filter.facets;
  const facets = { ...filter.facets, ...(commit && { commit: commit.slice(0, SHORT_SHA) }) };
  const wanted = FACETS.flatMap((facet) => (facets[facet] ? [facetKey(facet, facets[facet])] : []));
  const span = { min: filter.sinceMs ?? '-inf', max: filter.untilMs ?? '+inf' };
  if (wanted.length <= 1) return { index: wanted[0] ?? EVERYTHING, ...span, isWhole: true };
  const target = key(
    'changes-query',
    [...wanted.map((index) => index.slice(PREFIX.length)), span.min, span.max].join('&'),
  );
  const looked = await INTERSECT(redis, [target, ...wanted], span.min, span.max, SEARCHED + 1, QUERY_SECONDS);
  return { index: target, ...span, isWhole: Number(looked) <= SEARCHED };
}

/** Long enough for the reads that follow. */
const QUERY_SECONDS = 60;

/**
 * What stands in all of several indexes, of the newest of the smallest: ZINTERSTORE would go through all of a million, and
 * hold up every webhook for as long. KEYS: target, indexes; ARGV: min, max, how many are looked at, seconds the target lives.
 * @returns how many were looked at.
 */
const INTERSECT = createScript(`
local smallest, least = nil, math.huge
for i = 2, #KEYS do
  local size = redis.call('ZCARD', KEYS[i])
  if size < least then smallest, least = i, size end
end
redis.call('DEL', KEYS[1])
local found = redis.call('ZREVRANGEBYSCORE', KEYS[smallest], ARGV[2], ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for at = 1, #found, 2 do
  local isInAll = true
  for i = 2, #KEYS do
    if i ~= smallest and not redis.call('ZSCORE', KEYS[i], found[at]) then
      isInAll = false
      break
    end
  end
  if isInAll then redis.call('ZADD', KEYS[1], found[at + 1], found[at]) end
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return #found / 2`);

/** Reads views by the page, so that webhooks are answered between two of them. */
async function search(
  names: readonly string[],
  { text, limit, offset }: ChangeFilter & { text: string },
  read: ReadAll,
): Promise<Listed> {
  const matches = createTextMatch(text);
  const found: Deployment[] = [];
  for (let at = 0; at < Math.min(names.length, SEARCHED); at += SEARCH_PAGE) {
    const page = await read(names.slice(at, Math.min(at + SEARCH_PAGE, SEARCHED)));
    found.push(...page.filter(matches));
  }
  return {
    deployments: found.slice(offset, offset + limit),
    total: found.length,
    ...(names.length > SEARCHED && { searched: SEARCHED }),
  };
}

/** Few commits share their first digits: all deployments that do are looked at. */
async function narrow(
  names: readonly string[],
  { commit, limit, offset }: ChangeFilter & { commit: string },
  read: ReadAll,
): Promise<Listed> {
  const found = (await read(names)).filter((one) => shasOf(one).some((sha) => sha.startsWith(commit)));
  return { deployments: found.slice(offset, offset + limit), total: found.length };
}

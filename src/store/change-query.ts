import type { Redis } from 'ioredis';
import type { Deployment } from '../domain/deployment.ts';
import type { ChangeFilter, Listed } from './deployments.ts';
import { EVERYTHING, FACETS, facetKey, SHORT_SHA, shasOf } from './facets.ts';
import { key, PREFIX } from './keys.ts';
import type { Slice } from './marks.ts';
import { createTextMatch, SEARCHED } from './search.ts';

type ReadAll = (names: readonly string[]) => Promise<Deployment[]>;

/** One commit is deployed once to each environment of each service, and again now and then. */
const MAX_OF_ONE_COMMIT = 2_000;

/** Views read at once: about a megabyte. */
const SEARCH_PAGE = 500;

/** A page of the change log, newest first. */
export async function list(redis: Redis, filter: ChangeFilter, read: ReadAll): Promise<Listed> {
  const { commit } = filter.facets;
  const slice = await sliceOf(redis, filter);
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
): Promise<Slice> {
  const { commit } = filter.facets;
  const facets = { ...filter.facets, ...(commit && { commit: commit.slice(0, SHORT_SHA) }) };
  const wanted = FACETS.flatMap((facet) => (facets[facet] ? [facetKey(facet, facets[facet])] : []));
  const index = wanted.length > 1 ? await intersect(redis, wanted) : (wanted[0] ?? EVERYTHING);
  return { index, min: filter.sinceMs ?? '-inf', max: filter.untilMs ?? '+inf' };
}

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

/** The scores are times and equal in every index, so that MAX keeps them. Lives for a minute: long enough for the reads that follow. */
async function intersect(redis: Redis, indexes: readonly string[]): Promise<string> {
  const target = key('changes-query', indexes.map((index) => index.slice(PREFIX.length)).join('&'));
  await redis
    .multi()
    .zinterstore(target, indexes.length, ...indexes, 'AGGREGATE', 'MAX')
    .expire(target, 60)
    .exec();
  return target;
}

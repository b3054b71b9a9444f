import type { Redis } from 'ioredis';
import type { Deployment } from '../../domain/deployment.ts';
import { MIN_SHA_CHARS } from '../../values/sha.ts';
import { keys, PREFIX } from '../keys.ts';
import { createScript } from '../script.ts';
import { FACETS, type Facet, facetKey, shasOf } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import { SEARCHED } from './search-terms.ts';
import { findText } from './text-search.ts';
import type { Slice } from './timeline.ts';

/** One page of what is wanted. */
export interface ChangeFilter extends ChangeSelection {
  readonly limit: number;
  readonly offset: number;
}

export interface Listed {
  readonly deployments: readonly Deployment[];
  readonly total: number;
  /** So many of the newest were looked through, for several facets at once; absent: all were. */
  readonly searched?: number;
}

/** Of each what there is. */
export type ReadEach = (names: readonly string[]) => Promise<readonly (Deployment | undefined)[]>;

/** One commit is deployed once to each environment of each service, and again now and then. */
const MAX_OF_ONE_COMMIT = 2_000;

/** A page of the change log, newest first. */
export async function list(redis: Redis, filter: ChangeFilter, read: ReadEach): Promise<Listed> {
  const slice = await sliceOf(redis, filter);
  let isTorn = false;
  const watched = async (names: readonly string[]) => {
    const found = await read(names);
    isTorn ||= found.includes(undefined);
    return found;
  };
  let listed = await listSlice(redis, { filter, slice, read: watched });
  // One was unpacked, or forgotten, between the reading of the index and of the views: it has another name there now.
  if (isTorn) listed = await listSlice(redis, { filter, slice, read });
  return slice.isWhole ? listed : { ...listed, searched: SEARCHED };
}

interface Listing {
  readonly filter: ChangeFilter;
  readonly slice: Slice;
  readonly read: ReadEach;
}

async function listSlice(redis: Redis, { filter, slice, read }: Listing): Promise<Listed> {
  const commit = wholeCommit(filter);
  const within = (limit: number, offset = 0) =>
    redis.zrevrangebyscore(slice.index, slice.max, slice.min, 'LIMIT', offset, limit);
  if (filter.text) return search(redis, { ...filter, text: filter.text }, { slice, read });
  if (commit && commit.length > MIN_SHA_CHARS)
    return narrow(await within(MAX_OF_ONE_COMMIT), { ...filter, commit: commit.toLowerCase() }, read);
  const [total, names] = await Promise.all([
    redis.zcount(slice.index, slice.min, slice.max),
    within(filter.limit, filter.offset),
  ]);
  return { deployments: present(await read(names)), total };
}

const present = (found: readonly (Deployment | undefined)[]): Deployment[] => found.filter((one) => one !== undefined);

async function search(
  redis: Redis,
  { text, limit, offset }: ChangeFilter & { text: string },
  { slice, read }: Pick<Listing, 'slice' | 'read'>,
): Promise<Listed> {
  const names = await findText(redis, slice, { text, read });
  return { deployments: present(await read(names.slice(offset, offset + limit))), total: names.length };
}

const wholeCommit = ({ facets: { commit } }: Pick<ChangeFilter, 'facets'>): string | undefined =>
  typeof commit === 'string' ? commit : undefined;

/** Of several values: those that have any of them, for as long as the pages of one query are read. */
async function indexOf(redis: Redis, facet: Facet, value: string | readonly string[]): Promise<string> {
  if (typeof value === 'string') return facetKey(facet, value);
  const indexes = value.map((one) => facetKey(facet, one));
  if (indexes.length === 1) return indexes[0] ?? '';
  const query = indexes.map((index) => index.slice(PREFIX.length)).join('|');
  const target = keys.intersection(query);
  const [version, made] = await redis.mget(keys.changesVersion(), keys.intersectionVersion(query));
  if (made === null || made !== version) {
    const write = redis.multi().zunionstore(target, indexes.length, ...indexes, 'AGGREGATE', 'MAX');
    await write.set(keys.intersectionVersion(query), version ?? '').exec();
  }
  const keep = redis.multi().expire(target, QUERY_SECONDS).expire(keys.intersectionVersion(query), QUERY_SECONDS);
  await keep.exec();
  return target;
}

/** The index that holds what the facets name, and the part of it that lies in the time asked for. */
export async function sliceOf(
  redis: Redis,
  filter: Pick<ChangeFilter, 'facets' | 'sinceMs' | 'untilMs'>,
): Promise<Slice & { readonly isWhole: boolean }> {
  const commit = wholeCommit(filter);
  const facets = { ...filter.facets, ...(commit && { commit: commit.slice(0, MIN_SHA_CHARS) }) };
  const wanted = await Promise.all(
    FACETS.flatMap((facet) => {
      const value = facets[facet];
      return value === undefined ? [] : [indexOf(redis, facet, value)];
    }),
  );
  const span = { min: filter.sinceMs ?? '-inf', max: filter.untilMs ?? '+inf' };
  if (wanted.length <= 1) return { index: wanted[0] ?? keys.changes(), ...span, isWhole: true };
  const query = [...wanted.map((index) => index.slice(PREFIX.length)), span.min, span.max].join('&');
  const target = keys.intersection(query);
  const read = [target, keys.intersectionVersion(query), keys.changesVersion(), ...wanted];
  const fewest = await intersectFacets(redis, read, span.min, span.max, SEARCHED, QUERY_SECONDS);
  return { index: target, ...span, isWhole: Number(fewest) <= SEARCHED };
}

/** Long enough for the reads that follow, and for the next page. */
const QUERY_SECONDS = 60;

const intersectFacets = createScript('intersect-facets');

/** Few commits share their first digits: all deployments that do are looked at. */
async function narrow(
  names: readonly string[],
  { commit, limit, offset }: ChangeFilter & { commit: string },
  read: ReadEach,
): Promise<Listed> {
  const found = present(await read(names)).filter((one) => shasOf(one).some((sha) => sha.startsWith(commit)));
  return { deployments: found.slice(offset, offset + limit), total: found.length };
}

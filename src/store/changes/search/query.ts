import type { Redis } from 'ioredis';
import type { Deployment } from '../../../domain/deployment.ts';
import { createScript } from '../../script.ts';
import { packedIndexOf } from '../packed/index-blocks.ts';
import type { ChangeSelection } from './filter.ts';
import { singleIndex, spanOf } from './find.ts';
import type { ReadEach } from './fit.ts';
import { MAX_NAMED, type Search, type Stopped } from './search.ts';

/** One page of a selection. */
export interface ChangeFilter extends ChangeSelection {
  readonly limit: number;
  readonly offset: number;
  /** In a search, whether to continue for a while when the page is full, so that the total is exact more often. */
  readonly isCounted?: boolean;
}

export interface Listed {
  readonly deployments: readonly Deployment[];
  /** Of those that were searched: at least this many. */
  readonly total: number;
  /** There may be more, further back; absent: all were searched. */
  readonly stopped?: Stopped;
}

export interface Listing {
  readonly redis: Redis;
  readonly search: Search;
  readonly read: ReadEach;
}

const readPage = createScript('read-page');

/** A page of the change log, newest first. */
export async function list(listing: Listing, filter: ChangeFilter): Promise<Listed> {
  const { read } = listing;
  let isTorn = false;
  const watched = async (names: readonly string[]) => {
    const found = await read(names);
    isTorn ||= found.includes(undefined);
    return found;
  };
  const listed = await listOnce({ ...listing, read: watched }, filter);
  // One was unpacked, or deleted, between the reading of the index and of the views: its name there has changed.
  return isTorn ? listOnce(listing, filter, true) : listed;
}

async function listOnce({ redis, search, read }: Listing, filter: ChangeFilter, isAnew = false): Promise<Listed> {
  const { limit, offset, isCounted = false } = filter;
  const index = singleIndex(filter);
  if (index === undefined) {
    const skip = offset + limit > MAX_NAMED ? offset : 0;
    const wanted = offset + limit + 1; // whether another page follows
    const { names, total, stopped } = await search(filter, { wanted, isCounted, skip, isAnew });
    const page = names.slice(offset - skip, offset - skip + limit);
    return { deployments: present(await read(page)), total, ...(stopped && { stopped }) };
  }
  const { min, max } = spanOf(filter);
  const reply = await readPage(redis, [index, packedIndexOf(index)], max, min, offset, limit);
  const [total, ...names] = reply as [number, ...string[]]; // the script's reply
  return { deployments: present(await read(names)), total };
}

const present = (found: readonly (Deployment | undefined)[]): Deployment[] => found.filter((one) => one !== undefined);

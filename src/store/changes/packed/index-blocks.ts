import type { Redis } from 'ioredis';
import { PREFIX } from '../../key-family.ts';
import { keys } from '../../keys.ts';
import { createScript } from '../../script.ts';
import { facetKey } from '../search/facets.ts';
import { UNGROUP } from '../swap.ts';

/**
 * A deployment is in a dozen indexes, each of which takes ninety bytes for it. An index holds fifty packed deployments
 * in one member, in a dozen bytes each; the scripts read both as one (scripts/includes/index-page.lua).
 */
export const packedIndexOf = (index: string): string => keys.packedIndex(index.slice(PREFIX.length + 1));

export const indexOfPacked = (key: string): string => `${PREFIX}:${key.slice(keys.packedIndex('').length)}`;

/** The data that removes a packed deployment from an index. */
export const leaving = (index: string, { id, score }: { readonly id: string; readonly score: number | string }) => [
  ...(isGrouped(index) ? [[UNGROUP, index, packedIndexOf(index), score, id] as const] : []),
  ['ZREM', index, id] as const,
];

/** A commit has few deployments, and Redis stores short sets in little space. */
export const isGrouped = (index: string): boolean =>
  index === keys.changes() || (index.startsWith(`${keys.changes()}:`) && !index.startsWith(facetKey('commit', '')));

const groupIndex = createScript('group-index');
const ungroupOldestOf = createScript('ungroup-oldest');
const countIndex = createScript('count-index');

/** Takes two or three milliseconds; webhooks are answered between two calls. */
const PART = 1_000;

/** Puts the packed deployments of an index into blocks. */
export async function group(redis: Redis, index: string): Promise<void> {
  for (let from = '-inf'; from !== ''; )
    from = String(await groupIndex(redis, [index, packedIndexOf(index)], from, PART)); // the script's reply
}

export interface OldestOnes {
  /** All before it … (epoch ms) */
  readonly beforeMs: number;
  /** … but at most this many of them; */
  readonly most: number;
  /** and at least so many, however old they are. */
  readonly least: number;
}

/** Takes the oldest of an index, as far as they are selected, out of their blocks. */
export async function ungroupOldest(redis: Redis, index: string, { beforeMs, most, least }: OldestOnes): Promise<void> {
  await ungroupOldestOf(redis, [index, packedIndexOf(index)], beforeMs, most, least);
}

export interface Counted {
  /** How many are newer than the span. */
  readonly newer: number;
  readonly count: number;
}

/** @param span scores, in Redis' notation; the whole index unless given */
export async function countIn(
  redis: Redis,
  index: string,
  { min, max }: { readonly min: number | string; readonly max: number | string } = { min: '-inf', max: '+inf' },
): Promise<Counted> {
  const reply = await countIndex(redis, [index, packedIndexOf(index)], max, min);
  const [newer, count] = reply as [number, number]; // the script's reply
  return { newer, count };
}

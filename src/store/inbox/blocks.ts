import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { see, swap } from '../changes/swap.ts';
import { keys } from '../keys.ts';
import { type Block, openBlock } from './block.ts';

/** The blocks that packed webhooks are in. A block holds those of a time that no other block is of. */
export interface Blocks {
  /** The block of each of these webhooks that is in one. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Block>>;
}

/** A search reads the webhooks of a block one after the other. Each takes some hundred kilobytes at most. */
const KEPT_BLOCKS = 8;

export function createBlocks(redis: Redis): Blocks {
  const kept = new LRUCache<string, Block>({ max: KEPT_BLOCKS });
  const open = async (number: string, newestMs: string) => {
    const name = `${number} ${newestMs}`; // numbers begin anew when all are deleted
    const known = kept.get(name);
    if (known) return known;
    const packed = await redis.getBuffer(keys.webhookBlock(number));
    if (!packed) return undefined;
    const block = openBlock(packed);
    kept.set(name, block);
    return block;
  };
  return {
    async find(ids) {
      if (ids.length === 0) return new Map();
      const times = await redis.zmscore(keys.inbox(), ...ids);
      const byTime = new Map(
        await Promise.all(
          [...new Set(times)].map(async (ms) => [ms, ms === null ? [] : await blockAround(redis, ms)] as const),
        ),
      );
      const opened = new Map<string, Promise<Block | undefined>>();
      for (const [number, newestMs] of byTime.values())
        if (number !== undefined && !opened.has(number)) opened.set(number, open(number, newestMs ?? ''));
      const found = new Map<string, Block>();
      for (const [at, id] of ids.entries()) {
        const block = await opened.get(byTime.get(times[at] ?? null)?.[0] ?? '');
        if (block?.heads.has(id)) found.set(id, block);
      }
      return found;
    },
  };
}

/** The number of the only block that may hold what was received at that time, and the time of its newest. */
const blockAround = (redis: Redis, ms: string): Promise<string[]> =>
  redis.zrangebyscore(keys.webhookBlocks(), ms, '+inf', 'WITHSCORES', 'LIMIT', 0, 1);

/** Number 0: there is none. */
export async function newestBlock(redis: Redis): Promise<{ readonly number: number; readonly newestMs: number }> {
  const [number = 0, newestMs = 0] = await redis.zrevrange(keys.webhookBlocks(), '0', '0', 'WITHSCORES');
  return { number: Number(number), newestMs: Number(newestMs) };
}

/** Deletes the blocks of which nothing is in the inbox any more: the oldest webhooks are deleted first. */
export async function forgetBlocks(redis: Redis): Promise<void> {
  const [, oldestMs] = await redis.zrange(keys.inbox(), '0', '0', 'WITHSCORES');
  const before = oldestMs === undefined ? '+inf' : `(${oldestMs}`;
  for (const number of await redis.zrangebyscore(keys.webhookBlocks(), '-inf', before)) {
    const key = keys.webhookBlock(number);
    const { seen, value } = await see(redis, key, () => redis.strlen(key));
    await swap(
      redis,
      [seen],
      [
        ['UNLINK', key],
        ['ZREM', keys.webhookBlocks(), number],
        ['HINCRBY', keys.inboxSizes(), 'total', -value],
      ],
    );
  }
}

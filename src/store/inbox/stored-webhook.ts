import type { Redis } from 'ioredis';
import { see, swap } from '../changes/swap.ts';
import { keys } from '../keys.ts';
import { webhookIn } from './block.ts';
import type { Blocks } from './blocks.ts';
import { type Head, type StoredWebhook, unpack, unpackHead } from './packing.ts';

export interface WebhookStore {
  readonly redis: Redis;
  readonly blocks: Blocks;
}

/** The content of a webhook's hash; undefined where there is none. */
export function parseHash(fields: Readonly<Record<string, Buffer>>): StoredWebhook | undefined {
  const { entry, conclusion, body, deflated } = fields;
  if (!entry || !conclusion) return undefined;
  return {
    ...{ entry: entry.toString(), conclusion: conclusion.toString() },
    ...(deflated ? { deflated } : body && { body }),
  };
}

/** Packed or not. */
export async function readStored({ redis, blocks }: WebhookStore, id: string): Promise<StoredWebhook | undefined> {
  // In this order: it may be packed in between. If it is unpacked in between, it is in its hash again.
  for (const _attempt of [1, 2]) {
    const [fields, packed] = await Promise.all([
      redis.hgetallBuffer(keys.webhook(id)),
      redis.getBuffer(keys.packedWebhook(id)),
    ]);
    const stored = parseHash(fields) ?? (packed ? unpack(id, packed) : await readInBlock(blocks, id));
    if (stored) return stored;
  }
  return undefined;
}

async function readInBlock(blocks: Blocks, id: string): Promise<StoredWebhook | undefined> {
  const block = (await blocks.find([id])).get(id);
  return block && webhookIn(block, id);
}

/** Without their bodies. */
export async function readHeads(
  { redis, blocks }: WebhookStore,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Head>> {
  const heads = new Map<string, Head>();
  const stored = await Promise.all(ids.map((id) => redis.hmget(keys.webhook(id), 'entry', 'conclusion')));
  for (const [at, id] of ids.entries()) {
    const [entry, conclusion] = stored[at] ?? [];
    if (entry && conclusion) heads.set(id, { entry, conclusion });
  }
  const rest = ids.filter((id) => !heads.has(id));
  if (rest.length === 0) return heads;
  const packed = await redis.mgetBuffer(...rest.map((id) => keys.packedWebhook(id)));
  for (const [at, id] of rest.entries()) {
    const bytes = packed[at];
    if (bytes) heads.set(id, unpackHead(id, bytes));
  }
  const inBlocks = await blocks.find(rest.filter((id) => !heads.has(id)));
  for (const [id, block] of inBlocks) {
    const head = block.heads.get(id);
    if (head) heads.set(id, head);
  }
  return heads;
}

/**
 * For callers that are going to write to it. What is in a block stays there, behind the hash.
 * @returns false when it is not packed, and not in its hash either
 */
export async function unpackWebhook({ redis, blocks }: WebhookStore, id: string, ttlSeconds: number): Promise<boolean> {
  const [key, packedKey] = [keys.webhook(id), keys.packedWebhook(id)];
  for (;;) {
    const [plain, packed] = await Promise.all([
      see(redis, key, () => redis.hexists(key, 'entry')),
      see(redis, packedKey, () => redis.getBuffer(packedKey)),
    ]);
    if (plain.value === 1) return true;
    const stored = packed.value ? unpack(id, packed.value) : await readInBlock(blocks, id);
    if (!stored) return false;
    const fields = Object.entries(stored).flat();
    const bytes = fields.reduce((sum: number, field) => sum + Buffer.byteLength(field), 0);
    const isUnpacked = await swap(
      redis,
      [plain.seen, packed.seen],
      [
        ['UNLINK', packedKey],
        ['HSET', key, ...fields],
        ['EXPIRE', key, ttlSeconds],
        ['HSET', keys.inboxSizes(), id, bytes],
        ['HINCRBY', keys.inboxSizes(), 'total', bytes - (packed.value?.length ?? 0)],
      ],
    );
    if (isUnpacked) return true;
  }
}

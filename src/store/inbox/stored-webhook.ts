import type { Redis } from 'ioredis';
import { see, swap } from '../changes/swap.ts';
import { keys } from '../keys.ts';
import { type StoredWebhook, unpack, unpackHead } from './packing.ts';

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
export async function readStored(redis: Redis, id: string): Promise<StoredWebhook | undefined> {
  // In this order: it may be packed in between. If it is unpacked in between, it is in its hash again.
  for (const _attempt of [1, 2]) {
    const [fields, packed] = await Promise.all([
      redis.hgetallBuffer(keys.webhook(id)),
      redis.getBuffer(keys.packedWebhook(id)),
    ]);
    const stored = parseHash(fields) ?? (packed ? unpack(id, packed) : undefined);
    if (stored) return stored;
  }
  return undefined;
}

type Head = Pick<StoredWebhook, 'entry' | 'conclusion'>;

/** Without their bodies. */
export async function readHeads(redis: Redis, ids: readonly string[]): Promise<ReadonlyMap<string, Head>> {
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
  return heads;
}

/** For callers that are going to write to it. */
export async function unpackWebhook(redis: Redis, id: string, ttlSeconds: number): Promise<void> {
  const key = keys.packedWebhook(id);
  for (;;) {
    const { seen, value } = await see(redis, key, () => redis.getBuffer(key));
    if (!value) return;
    const fields = Object.entries(unpack(id, value)).flat();
    const bytes = fields.reduce((sum: number, field) => sum + Buffer.byteLength(field), 0);
    const isUnpacked = await swap(
      redis,
      [seen],
      [
        ['UNLINK', key],
        ['HSET', keys.webhook(id), ...fields],
        ['EXPIRE', keys.webhook(id), ttlSeconds],
        ['HSET', keys.inboxSizes(), id, bytes],
        ['HINCRBY', keys.inboxSizes(), 'total', bytes - value.length],
      ],
    );
    if (isUnpacked) return;
  }
}

import { deflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { type Command, see, swap } from '../changes/swap.ts';
import { keys } from '../keys.ts';
import { PACKING_WAITS_MS, packingSince } from '../packing-since.ts';
import { createScript } from '../script.ts';
import { nowOf } from '../time.ts';
import { type PackedBlocks, packBlocks } from './block-packer.ts';
import type { InboxEntry } from './entry.ts';
import { pack } from './packing.ts';
import { parseHash } from './stored-webhook.ts';

const packWebhook = createScript('pack-webhook');

/** A worker may still process it, or somebody read it. */
const QUIET_MS = 60_000;
/** Smaller ones hardly get smaller. */
const PACK_ABOVE_BYTES = 256;
/** Each takes two tenths of a millisecond; webhooks are answered in between. */
const AT_ONCE = 300;
/** More than usually wait for their workers. Those beyond are packed after the next start. */
const MAX_WAITING = 20_000;

/**
 * Packs webhooks some time after their receipt: a received webhook is written as it is, since its sender waits. As soon
 * as there are enough of them, they are packed together (block-packer.ts), until then each alone.
 */
export interface InboxPacker {
  /** @returns how many became smaller */
  packSome(): Promise<number>;
}

/** @param times for tests */
export function createInboxPacker(
  redis: Redis,
  { quietMs = QUIET_MS, waitsMs = PACKING_WAITS_MS }: { readonly quietMs?: number; readonly waitsMs?: number } = {},
): InboxPacker {
  let sinceMs = 0;
  let passedMs = 0;
  let isHeld = true;
  /** They are still being processed. */
  const waiting = new Set<string>();
  const packEach = async (ids: readonly string[]) => {
    let count = 0;
    for (const id of ids) {
      const done = isHeld ? await packBody(redis, id) : await packWhole(redis, id);
      if (done === 'packed') count += 1;
      if (done === 'waits' && waiting.size < MAX_WAITING) waiting.add(id);
    }
    return count;
  };
  return {
    async packSome() {
      const nowMs = await nowOf(redis);
      const wasHeld = isHeld;
      isHeld = nowMs < (await packingSince(redis, nowMs)) + waitsMs;
      if (wasHeld && !isHeld) sinceMs = 0; // of earlier ones, only bodies were packed
      const blocks = isHeld ? NO_BLOCKS : await packBlocks(redis, { fromMs: passedMs, untilMs: nowMs - quietMs });
      passedMs = blocks.passedMs;
      const again = [...waiting].slice(0, AT_ONCE);
      for (const id of again) waiting.delete(id);
      const span = [keys.inbox(), `(${sinceMs}`, String(nowMs - quietMs), 'WITHSCORES', 'LIMIT', 0, AT_ONCE] as const;
      const listed = await redis.zrangebyscore(...span);
      // The rest of the last millisecond waits for the next start: those are few, and can be read unpacked.
      sinceMs = Number(listed.at(-1) ?? sinceMs);
      const rest = listed.filter((id, at) => at % 2 === 0 && !blocks.packed.has(id));
      return blocks.packed.size + (await packEach([...again, ...rest]));
    },
  };
}

const NO_BLOCKS: PackedBlocks = { packed: new Set(), passedMs: 0 };

type Done = 'packed' | 'waits' | 'gone';

/** The whole webhook, once its verdict is known. */
async function packWhole(redis: Redis, id: string): Promise<Done> {
  const key = keys.webhook(id);
  const { seen, value } = await see(redis, key, () => redis.hgetallBuffer(key));
  const stored = parseHash(value);
  if (!stored) return 'gone'; // or packed
  const { verdict } = JSON.parse(stored.conclusion) as InboxEntry; // written by inbox.ts alone
  if (verdict === 'accepted') {
    await packBody(redis, id);
    return 'waits';
  }
  const packed = pack(id, stored);
  const counted = Number((await redis.hget(keys.inboxSizes(), id)) ?? 0);
  const commands: readonly Command[] = [
    ['UNLINK', key],
    ['SET', keys.packedWebhook(id), packed],
    ['HDEL', keys.inboxSizes(), id],
    ['HINCRBY', keys.inboxSizes(), 'total', packed.length - counted],
  ];
  return (await swap(redis, [seen], commands)) ? 'packed' : 'waits';
}

async function packBody(redis: Redis, id: string): Promise<Done> {
  const body = await redis.hgetBuffer(keys.webhook(id), 'body');
  if (!body || body.length < PACK_ABOVE_BYTES) return 'gone';
  const isPacked = await packWebhook(
    redis,
    [keys.webhook(id), keys.inboxSizes()],
    id,
    deflateRawSync(body, { level: 9 }),
  );
  return isPacked === 1 ? 'packed' : 'gone';
}

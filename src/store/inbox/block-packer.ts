import { inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { type Command, type Seen, see, swap } from '../changes/swap.ts';
import { keys } from '../keys.ts';
import { type BlockMember, packBlock } from './block.ts';
import { newestBlock } from './blocks.ts';
import type { InboxEntry } from './entry.ts';
import { PACKED_ANEW_BYTES, unpack } from './packing.ts';
import { pairs } from './refusals.ts';
import { parseHash } from './stored-webhook.ts';

/** More save little, and reading one webhook unpacks all of them. */
export const IN_BLOCK = 16;
const BLOCK_BYTES = 256 * 1024; // reading one webhook unpacks its block
/** Fewer are packed one by one. */
const LEAST_IN_BLOCK = 4;
/** Each block takes about three milliseconds; webhooks are answered in between. */
const AT_ONCE = 300;
/** Then they are left out: a worker has usually concluded them after seconds. */
const VERDICT_WAITS_MS = 600_000;

export interface PackedBlocks {
  readonly packed: ReadonlySet<string>;
  /** Nothing up to this time (epoch ms) will be in another block: what is not packed is packed alone. */
  readonly passedMs: number;
}

interface Span {
  /** Exclusive. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Packs webhooks into blocks, in the order of their receipt, as many as fill blocks. */
export async function packBlocks(redis: Redis, { fromMs, untilMs }: Span): Promise<PackedBlocks> {
  const newest = await newestBlock(redis);
  let passedMs = Math.max(newest.newestMs, fromMs);
  const span = [keys.inbox(), `(${passedMs}`, String(untilMs), 'WITHSCORES', 'LIMIT', 0, AT_ONCE] as const;
  const rows = pairs(await redis.zrangebyscore(...span));
  const packed = new Set<string>();
  let { number } = newest;
  for (let at = 0; at + IN_BLOCK <= rows.length; ) {
    const read = await Promise.all(rows.slice(at, at + IN_BLOCK).map(({ id }) => readMember(redis, id)));
    const some = read.slice(0, fitting(read));
    const newestMs = rows[at + some.length - 1]?.atMs ?? passedMs;
    if (some.includes('waits') && newestMs > untilMs - VERDICT_WAITS_MS) break;
    const members = some.filter((one) => typeof one === 'object');
    if (members.length >= LEAST_IN_BLOCK) {
      number += 1;
      if (!(await writeBlock(redis, members, { number, newestMs }))) break;
      for (const { id } of members) packed.add(id);
    }
    passedMs = newestMs;
    while (at < rows.length && (rows[at]?.atMs ?? 0) <= passedMs) at += 1;
  }
  return { packed, passedMs };
}

interface ReadMember extends BlockMember {
  readonly seen: readonly Seen[];
  /** Where it is now. */
  readonly key: string;
  /** As the inbox counts them. */
  readonly bytes: number;
}

/** `waits`: there is no verdict yet; `alone`: it is large; `gone`: it is deleted, or in another block. */
type Read = ReadMember | 'waits' | 'alone' | 'gone';

/** A webhook that is not packed, or packed alone. */
async function readMember(redis: Redis, id: string): Promise<Read> {
  const [key, packedKey] = [keys.webhook(id), keys.packedWebhook(id)];
  const [plain, packed, counted] = await Promise.all([
    see(redis, key, () => redis.hgetallBuffer(key)),
    see(redis, packedKey, () => redis.getBuffer(packedKey)),
    redis.hget(keys.inboxSizes(), id),
  ]);
  const hash = parseHash(plain.value);
  const stored = hash ?? (packed.value && unpack(id, packed.value));
  if (!stored) return 'gone';
  const { entry, conclusion, body, deflated } = stored;
  if ((JSON.parse(conclusion) as InboxEntry).verdict === 'accepted') return 'waits'; // written by inbox.ts alone
  if (deflated && deflated.length > PACKED_ANEW_BYTES) return 'alone';
  const whole = deflated ? inflateRawSync(deflated) : body;
  return {
    ...{ id, entry, conclusion, ...(whole && { body: whole }), seen: [plain.seen, packed.seen] },
    ...(hash ? { key, bytes: Number(counted ?? 0) } : { key: packedKey, bytes: packed.value?.length ?? 0 }),
  };
}

/** How many of them a block has room for. */
function fitting(read: readonly Read[]): number {
  let bytes = 0;
  const most = read.findIndex((one) => {
    bytes += typeof one === 'object' ? (one.body?.length ?? 0) : 0;
    return bytes > BLOCK_BYTES;
  });
  return most < 0 ? read.length : Math.max(1, most);
}

interface NewBlock {
  readonly number: number;
  readonly newestMs: number;
}

/** @returns false when another process has written the block or one of its webhooks meanwhile */
async function writeBlock(
  redis: Redis,
  members: readonly ReadMember[],
  { number, newestMs }: NewBlock,
): Promise<boolean> {
  const packed = packBlock(members);
  const block = keys.webhookBlock(String(number));
  const bytes = members.reduce((sum, one) => sum + one.bytes, 0);
  const commands: readonly Command[] = [
    ...members.map(({ key }) => ['UNLINK', key] as const),
    ['HDEL', keys.inboxSizes(), ...members.map(({ id }) => id)],
    ['SET', block, packed],
    ['ZADD', keys.webhookBlocks(), newestMs, number],
    ['HINCRBY', keys.inboxSizes(), 'total', packed.length - bytes],
  ];
  return swap(redis, [...members.flatMap(({ seen }) => seen), { key: block, digest: '' }], commands);
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';

type Plain = string | { readonly base64: string };

interface FixtureKey {
  readonly key: string;
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  readonly ttlMs?: number;
  readonly value: unknown;
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
/** Epoch ms of the same days: retention and retries go by them. */
const EPOCH_MS = /\b1\d{12}\b/g;
const NEAR_MS = 30 * 86_400_000;

/**
 * What a release left (make-fixture.mjs), as if it had been left a minute ago.
 * @param edit what else may have lain there
 */
export function readFixture(folder: string, edit = (text: string) => text) {
  const text = edit(readFileSync(join(folder, 'redis.json'), 'utf8'));
  const { takenAtMs } = JSON.parse(text) as { takenAtMs: number };
  const byMs = Date.now() - 60_000 - takenAtMs;
  const later = (given: string): string =>
    given
      .replace(ISO, (iso) => new Date(Date.parse(iso) + byMs).toISOString())
      .replace(EPOCH_MS, (ms) => (Math.abs(Number(ms) - takenAtMs) < NEAR_MS ? String(Number(ms) + byMs) : ms));
  const { keys } = JSON.parse(later(text)) as { keys: readonly FixtureKey[] };
  return {
    keys,
    async load(redis: Redis) {
      for (const one of keys) await write(redis, one);
    },
    /** Into the data directory of a bridge that does not run. */
    spool(dataDir: string) {
      mkdirSync(join(dataDir, 'spool'), { recursive: true });
      for (const name of readdirSync(join(folder, 'spool')))
        writeFileSync(join(dataDir, 'spool', name), readFileSync(join(folder, 'spool', name)));
    },
  };
}

const bytesOf = (value: Plain) => (typeof value === 'string' ? value : Buffer.from(value.base64, 'base64'));

/** As make-fixture.mjs wrote it. */
async function write(redis: Redis, { key, type, ttlMs, value }: FixtureKey): Promise<void> {
  const texts = value as readonly string[];
  if (type === 'string') await redis.set(key, bytesOf(value as Plain));
  if (type === 'hash')
    await redis.hset(key, ...(value as [string, Plain][]).flatMap(([field, one]) => [field, bytesOf(one)]));
  if (type === 'list') await redis.rpush(key, ...texts);
  if (type === 'set') await redis.sadd(key, ...texts);
  if (type === 'zset')
    await redis.zadd(key, ...texts.flatMap((member, at) => (at % 2 === 0 ? [texts[at + 1] ?? '0', member] : [])));
  if (type === 'stream') for (const [id, fields] of value as [string, string[]][]) await redis.xadd(key, id, ...fields);
  if (ttlMs !== undefined) await redis.pexpire(key, ttlMs);
}

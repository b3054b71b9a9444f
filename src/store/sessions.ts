import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { DAY_MS, HOUR_MS } from '../values/units.ts';
import { keys } from './keys.ts';

/** Sessions of the pages. Anyone who reads Redis finds neither a cookie nor a token. */
export interface Sessions {
  /** @param proof derived from the token or the login that opened it */
  open(id: string, proof: string, lifetimeMs?: number): Promise<void>;
  /** Undefined: there is no such session, or it has ended. */
  proofOf(id: string): Promise<string | undefined>;
  end(id: string): Promise<void>;
  /** Returns how many there were. */
  endAll(): Promise<number>;
}

/** Long: somebody who is paged at night must not have to look for a token. */
export const SESSION_MS = 30 * DAY_MS;
/** Far above what people open; the oldest are deleted. */
const MAX_SESSIONS = 1_000;
/** A session that was checked within this time is not checked again: a page makes several requests at once. */
const FRESH_MS = 2_000;
/** While Redis is away, sessions stay valid for this long. */
const REMEMBERED_MS = HOUR_MS;

export function createSessions(redis: Redis, clock: () => Date): Sessions {
  const seen = new LRUCache<string, { readonly proof: string; readonly atMs: number }>({
    max: MAX_SESSIONS,
    ttl: REMEMBERED_MS,
  });
  const digestOf = (id: string) => hash('sha256', id);
  return {
    async open(id, proof, lifetimeMs = SESSION_MS) {
      const digest = digestOf(id);
      const nowMs = clock().getTime();
      await redis.set(keys.session(digest), proof, 'PX', lifetimeMs);
      await redis.zadd(keys.sessions(), nowMs + lifetimeMs, digest);
      await redis.zremrangebyscore(keys.sessions(), '-inf', nowMs);
      const surplus = await redis.zrange(keys.sessions(), '0', String(-MAX_SESSIONS - 1));
      if (surplus.length > 0) await forget(redis, surplus);
    },
    async proofOf(id) {
      const digest = digestOf(id);
      const cached = seen.get(digest);
      const nowMs = clock().getTime();
      if (cached && nowMs - cached.atMs < FRESH_MS) return cached.proof;
      const proof = await redis.get(keys.session(digest)).catch((error: unknown) => {
        if (cached) return cached.proof;
        throw error;
      });
      if (proof === null) seen.delete(digest);
      else if (proof !== cached?.proof || nowMs - cached.atMs >= FRESH_MS) seen.set(digest, { proof, atMs: nowMs });
      return proof ?? undefined;
    },
    async end(id) {
      const digest = digestOf(id);
      seen.delete(digest);
      await forget(redis, [digest]);
    },
    async endAll() {
      seen.clear();
      const all = await redis.zrange(keys.sessions(), '0', '-1');
      if (all.length > 0) await forget(redis, all);
      return all.length;
    },
  };
}

async function forget(redis: Redis, digests: readonly string[]): Promise<void> {
  await redis.unlink(digests.map((digest) => keys.session(digest)));
  await redis.zrem(keys.sessions(), ...digests);
}

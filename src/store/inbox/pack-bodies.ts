import { deflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { nowOf } from '../time.ts';

const packWebhook = createScript('pack-webhook');

/** A worker may still process it, or somebody look at it. */
const QUIET_MS = 60_000;
/** Smaller ones hardly get smaller. */
const PACK_ABOVE_BYTES = 256;
/** Each takes a tenth of a millisecond; webhooks are answered in between. */
const AT_ONCE = 300;

/**
 * Packs the bodies of webhooks that came a while ago: what is received is written as it is, since its sender waits.
 * @param quietMs for tests
 */
export function createBodyPacker(redis: Redis, quietMs = QUIET_MS): { packSome(): Promise<number> } {
  let sinceMs = 0;
  return {
    async packSome() {
      const untilMs = (await nowOf(redis)) - quietMs;
      const span = [keys.inbox(), `(${sinceMs}`, String(untilMs), 'WITHSCORES', 'LIMIT', 0, AT_ONCE] as const;
      const listed = await redis.zrangebyscore(...span);
      const ids = listed.filter((_, at) => at % 2 === 0);
      let count = 0;
      for (const id of ids) if (await pack(redis, id)) count += 1;
      // Those of the last millisecond that are left over wait for the next start: they are few, and are read all the
      // same.
      sinceMs = Number(listed.at(-1) ?? sinceMs);
      return count;
    },
  };
}

async function pack(redis: Redis, id: string): Promise<boolean> {
  const body = await redis.hgetBuffer(keys.webhook(id), 'body');
  if (!body || body.length < PACK_ABOVE_BYTES) return false;
  return (
    (await packWebhook(redis, [keys.webhook(id), keys.inboxSizes()], id, deflateRawSync(body, { level: 9 }))) === 1
  );
}

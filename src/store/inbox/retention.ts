import type { Redis } from 'ioredis';
import { DAY_MS } from '../../values/units.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { nowOf } from '../time.ts';
import { forgetBlocks } from './blocks.ts';

export interface InboxRetention {
  readonly days: number;
  readonly count: number;
  /** Of entries and packed bodies, all together. */
  readonly maxBytes: number;
}

/** Webhooks are answered between two calls. */
const AT_ONCE = 200;

const forgetWebhooks = createScript('forget-webhooks');

/** Deletes the webhooks that are older, more or larger than the inbox keeps. */
export async function pruneInbox(redis: Redis, { days, count, maxBytes }: InboxRetention): Promise<void> {
  const oldestMs = (await nowOf(redis)) - days * DAY_MS;
  await forgetAll(redis, () => redis.zrangebyscore(keys.inbox(), '-inf', `(${oldestMs}`, 'LIMIT', 0, AT_ONCE));
  await forgetAll(redis, async () => {
    const surplus = (await redis.zcard(keys.inbox())) - count;
    return surplus > 0 ? redis.zrange(keys.inbox(), '0', String(Math.min(surplus, AT_ONCE) - 1)) : [];
  });
  await forgetAll(redis, () => largest(redis, maxBytes));
}

/** The oldest ones, as many as exceed the limit. */
async function largest(redis: Redis, maxBytes: number): Promise<string[]> {
  const total = Number((await redis.hget(keys.inboxSizes(), 'total')) ?? 0);
  let surplus = total - maxBytes;
  if (surplus <= 0) return [];
  const ids = await redis.zrange(keys.inbox(), '0', String(AT_ONCE - 1));
  if (ids.length === 0) return [];
  const [count, sizes, packed] = await Promise.all([
    redis.zcard(keys.inbox()),
    redis.hmget(keys.inboxSizes(), ...ids),
    Promise.all(ids.map((id) => redis.strlen(keys.packedWebhook(id)))),
  ]);
  const enough = sizes.findIndex((bytes, at) => {
    surplus -= Number(bytes ?? packed[at]) || total / count; // the others are in blocks
    return surplus <= 0;
  });
  return enough < 0 ? ids : ids.slice(0, enough + 1);
}

/** @param next the ids to delete next; none: it is done */
async function forgetAll(redis: Redis, next: () => Promise<readonly string[]>): Promise<void> {
  for (let ids = await next(); ids.length > 0; ids = await next()) {
    await forgetWebhooks(
      redis,
      [keys.inbox(), keys.inboxSizes(), ...ids.flatMap((id) => [keys.webhook(id), keys.packedWebhook(id)])],
      ...ids,
    );
    await forgetBlocks(redis);
  }
}

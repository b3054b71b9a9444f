import type { Redis } from 'ioredis';
import { DAY_MS } from '../../values/units.ts';
import { keys } from '../keys.ts';
import { nowOf } from '../time.ts';
import { type ExpiredDeployment, expiredDeploymentOf, forget } from './expired-deployment.ts';
import { countIn, indexOfPacked, leaving, ungroupOldest } from './packed/index-blocks.ts';
import { isPackedId } from './packed/packed-names.ts';
import { forgetTexts } from './search/text-index.ts';
import { swap } from './swap.ts';

export interface Retention {
  readonly days: number;
  readonly count: number;
}

/** For tests, and to remove all at once. */
export interface PruneLimits {
  /** Epoch ms; Redis' own clock unless given. */
  readonly nowMs?: number;
  /** The largest part of the change log that one run deletes for its age. */
  readonly share?: number;
}

/** A clock that is wrong for a while costs a twentieth of the change log at a time, not all of it. */
const MAX_SHARE = 0.05;
const MAX_AT_ONCE = 5_000; // in one run, which comes every 15 s (app/chores.ts)
/** Webhooks are answered between two calls. */
const PART = 50;

/** Deletes the deployments that are older or more than the retention allows, with all their data. Returns how many. */
export async function prune(redis: Redis, retention: Retention, limits: PruneLimits = {}): Promise<number> {
  const { nowMs = await nowOf(redis), share = MAX_SHARE } = limits;
  const oldestMs = nowMs - retention.days * DAY_MS;
  const [{ count: total }, dropped] = await Promise.all([countIn(redis, keys.changes()), redis.zcard(keys.dropped())]);
  const surplus = Math.min(total - retention.count, MAX_AT_ONCE);
  const mostOf = (count: number) => Math.min(Math.ceil(count * share), MAX_AT_ONCE);
  const old = (index: string, count: number) =>
    redis.zrangebyscore(index, '-inf', `(${oldestMs}`, 'LIMIT', 0, mostOf(count));
  await ungroupOldest(redis, keys.changes(), { beforeMs: oldestMs, most: mostOf(total), least: surplus });
  const [tooOld, tooOldDropped, tooMany] = await Promise.all([
    old(keys.changes(), total),
    old(keys.dropped(), dropped),
    surplus > 0 ? redis.zrange(keys.changes(), '0', String(surplus - 1)) : [],
  ]);
  const names = [...new Set([...tooOld, ...tooOldDropped, ...tooMany])];
  const sinks = await redis.smembers(keys.sinks());
  for (let at = 0; at < names.length; at += PART) {
    const doomed = await Promise.all(names.slice(at, at + PART).map((name) => expiredDeploymentOf(redis, name, sinks)));
    await leaveAllIndexes(
      redis,
      doomed.filter(({ isExpired }) => isExpired),
    );
    await Promise.all(doomed.map((one) => forget(redis, one)));
  }
  if (names.length > 0) await forgetTexts(redis);
  return names.length;
}

/**
 * For a deployment that expired before retention came to it, its indexes are unknown: all are searched. It leaves the
 * index of all deployments last, so that a run that is interrupted is repeated.
 */
async function leaveAllIndexes(redis: Redis, expired: readonly ExpiredDeployment[]): Promise<void> {
  const names = expired.map(({ name }) => name);
  if (names.length === 0) return;
  for (const pattern of [keys.facet('*', '*'), keys.lineage('*')]) {
    let cursor = '0';
    do {
      const [next, indexes] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      await Promise.all(indexes.map((index) => redis.zrem(index, ...names)));
      cursor = next;
    } while (cursor !== '0');
  }
  await leaveBlocks(redis, names.filter(isPackedId));
}

/**
 * They have the same time in all of these indexes, and were taken out of the blocks of the index of all deployments.
 */
async function leaveBlocks(redis: Redis, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const scores = await redis.zmscore(keys.changes(), ...ids);
  const known = ids.flatMap((id, at) => (scores[at] ? [{ id, score: scores[at] }] : []));
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', keys.packedIndex('*'), 'COUNT', 1_000);
    for (const index of found.map(indexOfPacked).filter((one) => one !== keys.changes()))
      await swap(
        redis,
        [],
        known.flatMap(({ id, score }) => leaving(index, { id, score })),
      );
    cursor = next;
  } while (cursor !== '0');
}

/** So that its data there is found when a deployment is deleted, even when the sink is no longer configured. */
export async function rememberSinks(redis: Redis, names: readonly string[]): Promise<void> {
  if (names.length > 0) await redis.sadd(keys.sinks(), ...names);
}

import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { forgetDeployment, INDEXES, parseIndexes } from './deployment-hash.ts';

export interface Retention {
  readonly days: number;
  readonly count: number;
}

const MS_A_DAY = 86_400_000;
const MAX_AT_ONCE = 10_000;

/** Forgets the deployments that are older or more than the retention allows. Returns how many went. */
export async function prune(redis: Redis, retention: Retention, now: Date): Promise<number> {
  const oldestMs = now.getTime() - retention.days * MS_A_DAY;
  const surplus = (await redis.zcard(keys.changes())) - retention.count;
  const [old, many] = await Promise.all([
    redis.zrangebyscore(keys.changes(), '-inf', `(${oldestMs}`, 'LIMIT', 0, MAX_AT_ONCE),
    surplus > 0 ? redis.zrange(keys.changes(), '0', String(surplus - 1)) : [],
  ]);
  const names = [...new Set([...old, ...many])];
  for (const name of names) await forget(redis, name);
  return names.length;
}

/** One that is written to meanwhile stays until the next time. */
export async function forget(redis: Redis, name: string): Promise<void> {
  const stored = (await redis.hget(keys.deployment(name), INDEXES)) ?? '';
  await forgetDeployment(
    redis,
    [
      keys.deployment(name),
      ...[keys.changesVersion(), keys.timeline(), keys.predecessors(), keys.searchTerms()],
      ...new Set([keys.changes(), ...parseIndexes(stored)]),
    ],
    name,
    stored,
  );
}

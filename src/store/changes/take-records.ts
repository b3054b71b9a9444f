import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { MAX_RECORDS, parseIndexes, readFormat1, readHash } from './deployment-hash.ts';
import { expiredDeploymentOf, forget } from './expired-deployment.ts';
import { followersIn, isLineage } from './lineage.ts';
import { unpackUnder } from './packed/archive.ts';
import { parseRecord } from './parse-record.ts';

interface TakingParts {
  readonly redis: Redis;
  readonly ttlSeconds: number;
}

export interface Taken {
  readonly name: string;
  readonly ids: readonly string[];
  readonly to: string;
  /** The records are stored in `to` under the same ids: they are removed only while they are. */
  readonly areCopied?: boolean;
}

const takeRecords = createScript('take-records');

/**
 * Removes records from a deployment, which is deleted when none is left; its name then leads to `to`.
 * @returns those that followed it in its lineage, if it was deleted.
 */
export async function take(
  { redis, ttlSeconds }: TakingParts,
  { name, ids, to, areCopied }: Taken,
): Promise<readonly string[]> {
  await unpackUnder(redis, keys.deployment(name));
  await readFormat1(redis, name);
  const { records: before, indexes } = await readHash(redis, name);
  if (ids.length === 0 && indexes === '') return []; // else an earlier run was interrupted before the last step
  // First, since a delivery may look for it at any moment, and a key counts before an alias for as long as it exists.
  if (Object.keys(before).every((id) => ids.includes(id))) await redis.set(keys.alias(name), to, 'EX', ttlSeconds);
  await redirectAliases({ redis, ttlSeconds }, { name, ids, to }, before);
  const places = [keys.deployment(name), keys.deployment(to)];
  if (ids.length > 0) await takeRecords(redis, places, areCopied ? 'copied' : '', MAX_RECORDS, ...ids);
  const { records } = await readHash(redis, name);
  if (Object.keys(records).length > 0) return [];
  const followers = await followersOf(redis, name, indexes);
  // What sinks received of it stays: they may be asked about it under its name.
  await forget(redis, { ...(await expiredDeploymentOf(redis, name, [])), dependentKeys: [] });
  return followers;
}

async function followersOf(redis: Redis, name: string, indexes: string): Promise<readonly string[]> {
  const [lineageIndex] = parseIndexes(indexes).filter(isLineage);
  const score = lineageIndex === undefined ? null : await redis.zscore(lineageIndex, name);
  return lineageIndex === undefined || score === null ? [] : followersIn(redis, [lineageIndex], Number(score));
}

/** The aliases of records that move lead to where they are now, except those that a remaining record has too. */
async function redirectAliases(
  { redis, ttlSeconds }: TakingParts,
  { name, ids, to }: Taken,
  records: Readonly<Record<string, string>>,
): Promise<void> {
  const aliasesOf = (isMoved: boolean) =>
    Object.entries(records).flatMap(([id, json]) => (ids.includes(id) === isMoved ? parseRecord(json).aliases : []));
  const remaining = new Set(aliasesOf(false));
  const moved = [...new Set(aliasesOf(true))]
    .filter((alias) => !remaining.has(alias))
    .map((alias) => keys.alias(alias));
  const owners = await Promise.all(moved.map((alias) => redis.get(alias)));
  const own = moved.filter((_, at) => owners[at] === name);
  await Promise.all(own.map((alias) => redis.set(alias, to, 'EX', ttlSeconds)));
}

import type { Redis } from 'ioredis';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { keys } from '../keys.ts';
import { forgetDeployment, parseIndexes, readHash } from './deployment-hash.ts';
import { forgetPacked } from './packed/archive.ts';
import { isPackedId } from './packed/packed-names.ts';

/** A deployment that is to be deleted, and its data. */
export interface ExpiredDeployment {
  readonly name: string;
  /** Its indexes, one a line. */
  readonly indexes: string;
  readonly isFormat2: boolean;
  /** Keys that are deleted with it. */
  readonly dependentKeys: readonly string[];
  /** Its hash has expired already. */
  readonly isExpired: boolean;
}

/** @param sinks all sinks that may have received it */
export async function expiredDeploymentOf(
  redis: Redis,
  name: string,
  sinks: readonly string[],
): Promise<ExpiredDeployment> {
  if (isPackedId(name)) return expiredPacked(redis, name);
  const [{ indexes, records, isFormat2 }, ...deliveries] = await Promise.all([
    readHash(redis, name),
    ...sinks.map((sink) => deliveryOf(redis, sink, name)),
  ]);
  const aliases = await aliasesOf(redis, name, Object.values(records));
  return {
    name,
    indexes,
    isFormat2,
    dependentKeys: [keys.firstOccurrence(name), ...aliases, ...deliveries.flat()],
    isExpired: indexes === '' && Object.keys(records).length === 0,
  };
}

/** The value of a packed one holds all its data. */
const expiredPacked = async (redis: Redis, id: string): Promise<ExpiredDeployment> => ({
  ...{ name: id, indexes: '', isFormat2: false, dependentKeys: [] },
  isExpired: (await redis.exists(keys.packed(id))) === 0,
});

/** A key that another deployment was given first stays with that one. */
async function aliasesOf(redis: Redis, name: string, records: readonly string[]): Promise<string[]> {
  // written by append() alone
  const aliases = records.flatMap((json) => (JSON.parse(json) as NewChangeRecord).aliases ?? []);
  const named = [...new Set(aliases)].map((alias) => keys.alias(alias));
  if (named.length === 0) return [];
  const owners = await redis.mget(...named);
  return named.filter((_key, at) => owners[at] === name);
}

async function deliveryOf(redis: Redis, sink: string, name: string): Promise<string[]> {
  const ledger = keys.ledger(sink, name);
  const [remoteId, project] = await redis.hmget(ledger, 'remote_id', 'echo_project');
  const left = [ledger, keys.attempts(sink, name)];
  if (!remoteId) return left;
  const owner = keys.remoteOwner(sink, remoteId);
  if ((await redis.get(owner)) === name) left.push(owner);
  if (project) left.push(keys.echoOfId(project, remoteId));
  return left;
}

/** One that is written meanwhile stays until the next run. */
export async function forget(
  redis: Redis,
  { name, indexes, isFormat2, dependentKeys, isExpired }: ExpiredDeployment,
): Promise<void> {
  if (isPackedId(name) && !isExpired) return forgetPacked(redis, name);
  const left = [...new Set([...parseIndexes(indexes), keys.changes(), keys.dropped()])];
  await forgetDeployment(
    redis,
    [
      keys.deployment(name),
      ...[keys.changesVersion(), keys.timeline(), keys.predecessors(), keys.searchTerms(), keys.entryChanges()],
      ...left,
      ...dependentKeys,
    ],
    name,
    isFormat2 ? '' : indexes, // such a field does not exist then
    left.length,
  );
}

import type { Redis } from 'ioredis';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { keys } from '../keys.ts';
import { forgetDeployment, parseIndexes, readHash } from './deployment-hash.ts';

/** A deployment that is to be forgotten, and what it left. */
export interface ExpiredDeployment {
  readonly name: string;
  /** In which it stands, one a line. */
  readonly indexes: string;
  readonly isPacked: boolean;
  /** Keys that go with it. */
  readonly dependentKeys: readonly string[];
  /** Its hash is gone already. */
  readonly isExpired: boolean;
}

/** @param sinks all that may have been told of it */
export async function expiredDeploymentOf(
  redis: Redis,
  name: string,
  sinks: readonly string[],
): Promise<ExpiredDeployment> {
  const [{ indexes, records, packed }, ...deliveries] = await Promise.all([
    readHash(redis, name),
    ...sinks.map((sink) => deliveryOf(redis, sink, name)),
  ]);
  const aliases = await aliasesOf(redis, name, Object.values(records));
  return {
    name,
    indexes,
    isPacked: packed !== undefined,
    dependentKeys: [keys.firstOccurrence(name), ...aliases, ...deliveries.flat()],
    isExpired: indexes === '' && Object.keys(records).length === 0,
  };
}

/** One that another deployment named first stays with that one. */
async function aliasesOf(redis: Redis, name: string, records: readonly string[]): Promise<string[]> {
  // written by append() alone
  const told = records.flatMap((json) => (JSON.parse(json) as NewChangeRecord).aliases ?? []);
  const named = [...new Set(told)].map((alias) => keys.alias(alias));
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

/** One that is written to meanwhile stays until the next time. */
export async function forget(
  redis: Redis,
  { name, indexes, isPacked, dependentKeys }: ExpiredDeployment,
): Promise<void> {
  const left = [...new Set([...parseIndexes(indexes), keys.changes(), keys.dropped()])];
  await forgetDeployment(
    redis,
    [
      keys.deployment(name),
      ...[keys.changesVersion(), keys.timeline(), keys.predecessors(), keys.searchTerms()],
      ...left,
      ...dependentKeys,
    ],
    name,
    isPacked ? '' : indexes, // a packed one has no such field
    left.length,
  );
}

import { connectionOf, ownerOf, type Redis } from './connection.ts';
import type { Flush } from './flush.ts';

/** A healthy replica answers within milliseconds. WAIT blocks the connection meanwhile. */
const WAIT_MS = 500;

/**
 * For the durability level `replicated`: waits until the given number of replicas has all earlier writes. WAIT only
 * covers the writes of one connection to one server. After a reconnect it would confirm writes that the new server has
 * never received, so a changed connection is an error.
 */
export function createReplication(redis: Redis, replicas: number): Flush {
  const ask = serialized(() => waitFor(redis, replicas));
  return {
    begin() {
      const before = connectionOf(redis);
      return async () => {
        await ask();
        if (before === undefined || connectionOf(redis) !== before)
          throw new Error('the connection to Redis changed while it was written to: a failover may be under way');
      };
    },
  };
}

async function waitFor(redis: Redis, replicas: number): Promise<void> {
  const owner = ownerOf(redis);
  const { role, online } = await roleOf(owner);
  if (role !== 'master') throw new Error(`this Redis is not a primary (its role is ${role}): a failover is under way`);
  if (online < replicas)
    throw new Error(`the primary has ${online} of ${replicas} replicas: it may be an old primary after a failover`);
  const reached = Number(await owner.call('WAIT', replicas, WAIT_MS));
  if (reached < replicas) throw new Error(`${reached} of ${replicas} replicas had it after ${WAIT_MS} ms`);
}

/**
 * Not by ROLE, which many an ACL forbids (it is `@admin` and `@dangerous`): the workers need INFO in any case.
 *
 * @returns the role in Redis' words, and how many replicas receive what is written now
 */
async function roleOf(owner: ReturnType<typeof ownerOf>): Promise<{ readonly role: string; readonly online: number }> {
  // redis.io/commands/info: `role:master`, `slave0:ip=…,port=…,state=online,…`
  const text = await owner.info('replication');
  const role = /^role:(\w+)/m.exec(text)?.[1] ?? 'unknown';
  return { role, online: text.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0 };
}

/** Runs one WAIT at a time. Calls that arrive meanwhile share the next one, which starts after all their writes. */
function serialized(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = () => {
    current = run().finally(() => {
      current = undefined;
    });
    return current;
  };
  return () => {
    if (next) return next;
    if (!current) return start();
    const begin = () => {
      next = undefined;
      return start();
    };
    next = current.then(begin, begin);
    return next;
  };
}

export type ReplicaMemory = ReturnType<typeof createReplicaMemory>;

/**
 * Whether webhooks that were moved from the spool to Redis may be deleted from the spool. A server that had replicas
 * and has none now may be an old primary that came back: when it is demoted, all its recent writes are lost. A server
 * that never had replicas is trusted.
 */
export function createReplicaMemory(redis: Redis) {
  let hadReplicas = false;
  return {
    /** @throws Error when it may not. */
    async check(): Promise<void> {
      const { role, online } = await roleOf(ownerOf(redis));
      if (role !== 'master') throw new Error(`this Redis is not a primary (its role is ${role})`);
      if (online > 0) hadReplicas = true;
      if (hadReplicas) await waitFor(redis, 1);
    },
  };
}

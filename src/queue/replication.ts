import { ownerOf, type Redis } from './connection.ts';
import type { Flush } from './flush.ts';

/** A replica that is well answers within milliseconds; while one is awaited, the connection does nothing else. */
const WAIT_MS = 500;

/**
 * For the durability level `replicated`: so many replicas have what was written before. WAIT counts the writes of one
 * connection to one server, so that all of it is for nothing when the connection was another one at the beginning: the
 * new server would know nothing of them, and say yes.
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

/** The socket to the server that holds our keys; undefined when there is none. */
function connectionOf(redis: Redis): unknown {
  try {
    const owner = ownerOf(redis);
    return owner.status === 'ready' ? owner.stream : undefined;
  } catch {
    return undefined;
  }
}

async function waitFor(redis: Redis, replicas: number): Promise<void> {
  const owner = ownerOf(redis);
  // redis.io/commands/role
  const [role, , connected] = (await owner.call('ROLE')) as [string, unknown, readonly unknown[]];
  if (role !== 'master') throw new Error(`this Redis is no primary (it says it is a ${role}): a failover is under way`);
  if (connected.length < replicas)
    throw new Error(`the primary has ${connected.length} of ${replicas} replicas: it may be an old one, alone`);
  const reached = Number(await owner.call('WAIT', replicas, WAIT_MS));
  if (reached < replicas) throw new Error(`${reached} of ${replicas} replicas had it after ${WAIT_MS} ms`);
}

/** One at a time; those who come while one runs share the next, which begins after all that they have written. */
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
 * Whether what was handed over from the spool may be deleted there. A server that had replicas and has none may be an
 * old primary that came back: when it is demoted, all that it took alone is gone. One that never had any is believed.
 */
export function createReplicaMemory(redis: Redis) {
  let hadReplicas = false;
  return {
    /** @throws Error when it may not. */
    async check(): Promise<void> {
      const [role, , connected] = (await ownerOf(redis).call('ROLE')) as [string, unknown, readonly unknown[]];
      if (role !== 'master') throw new Error(`this Redis is no primary (it says it is a ${role})`);
      if (connected.length > 0) hadReplicas = true;
      if (hadReplicas) await waitFor(redis, 1);
    },
  };
}

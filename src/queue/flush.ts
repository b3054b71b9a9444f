import type { Redis } from './connection.ts';
import { KEEP_WITHIN_MS, ownerOf, watchConnection } from './connection.ts';
import { inspectRedis, type RedisFacts } from './inspect.ts';

/**
 * What a 2xx answer guarantees. `redis`: Redis has the webhook and flushes it to disk within a second. `fsync`: it is
 * on disk. `replicated`: a replica has it too, so that a failover does not lose it.
 */
export type Durability = 'redis' | 'fsync' | 'replicated';

/**
 * Makes sure that everything written between `begin` and the call of the function that it returns is as durable as the
 * durability level requires. That call throws when it is not, or when that cannot be verified.
 * @example const flushed = flush.begin(); await write(); await flushed();
 */
export interface Flush {
  begin(): () => Promise<void>;
}

/** Nothing to wait for: Redis fsyncs within a second. */
export const noFlush: Flush = { begin: () => async () => {} };

/**
 * For the durability level `redis`. A webhook is written by several commands. Those that are sent again after a
 * reconnect may reach a server that never received, or has lost, the others: it is not known that all are there.
 */
export function createSameConnection(redis: Redis): Flush {
  return {
    begin() {
      const isSame = watchConnection(redis);
      return async () => {
        if (!isSame()) throw new Error('the connection to Redis changed while it was written to');
      };
    },
  };
}

/**
 * For the durability level `fsync`. A Redis with `appendfsync always` already has it on disk. Any other needs WAITAOF,
 * which cannot run inside the scripts that write: it follows them on the same connection.
 */
export function createFlush(redis: Redis): Flush {
  let facts: Promise<RedisFacts> | undefined;
  redis.on('close', () => {
    facts = undefined; // the next connection may reach another Redis
  });
  const flush = async () => {
    facts ??= inspectRedis(redis);
    const replication = await facts.catch((error: unknown) => {
      facts = undefined;
      throw error;
    });
    if (replication.fsyncsAlways) return;
    if (!replication.knowsWaitAof) throw new Error(unsupportedMessage(replication));
    // numbers of local and replica fsyncs
    const [onDisk] = (await ownerOf(redis).call('WAITAOF', 1, 0, KEEP_WITHIN_MS)) as [number];
    if (onDisk < 1) throw new Error('Redis did not flush it to disk in time');
  };
  const sameConnection = createSameConnection(redis);
  return {
    begin() {
      const isSame = sameConnection.begin();
      return () => flush().then(isSame);
    },
  };
}

export const unsupportedMessage = ({ version }: RedisFacts): string =>
  'durability is fsync, and Redis ' +
  `${version} cannot guarantee it: set "appendfsync always" there, or use Redis 7.2 or later`;

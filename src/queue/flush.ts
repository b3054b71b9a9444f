import type { Redis } from './connection.ts';
import { KEEP_WITHIN_MS, ownerOf } from './connection.ts';
import { inspectRedis, type RedisFacts } from './inspect.ts';

/**
 * What 2xx means. `redis`: Redis has it, and brings it to disk within a second. `fsync`: it is on disk. `replicated`: a
 * replica has it too, so that a failover does not lose it.
 */
export type Durability = 'redis' | 'fsync' | 'replicated';

/**
 * Makes sure that what is written between `begin` and the call of what it returns is as safe as the durability level
 * says.
 * That call throws when it is not, or nobody can tell.
 * @example const flushed = flush.begin(); await write(); await flushed();
 */
export interface Flush {
  begin(): () => Promise<void>;
}

/** For the durability level `redis`: Redis has it, and fsyncs within a second. */
export const noFlush: Flush = { begin: () => async () => {} };

/**
 * For the durability level `fsync`. A Redis with `appendfsync always` has it on disk already; another one is asked to
 * wait
 * (WAITAOF cannot run inside the scripts that write: it follows them on the same connection).
 */
export function createFlush(redis: Redis): Flush {
  let facts: Promise<RedisFacts> | undefined;
  redis.on('close', () => {
    facts = undefined; // another Redis may answer next
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
    if (onDisk < 1) throw new Error('Redis did not bring it to disk in time');
  };
  return { begin: () => flush };
}

export const unsupportedMessage = ({ version }: RedisFacts): string =>
  'durability is fsync, and Redis ' +
  `${version} cannot promise it: set "appendfsync always" there, or use Redis 7.2 or later`;

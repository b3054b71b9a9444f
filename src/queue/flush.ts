import type { Redis } from './connection.ts';
import { KEEP_WITHIN_MS } from './connection.ts';
import { inspectRedis, type RedisFacts } from './inspect.ts';

/** Makes sure that what was written before is on disk. @throws Error when it is not, or nobody can tell. */
export type Flush = () => Promise<void>;

/** For the durability level `redis`: Redis has it, and fsyncs within a second. */
export const noFlush: Flush = async () => {};

/**
 * For the durability level `fsync`. A Redis with `appendfsync always` has it on disk already; another one is asked to wait
 * (WAITAOF cannot run inside the scripts that write: it follows them on the same connection).
 */
export function createFlush(redis: Redis): Flush {
  let facts: Promise<RedisFacts> | undefined;
  redis.on('close', () => {
    facts = undefined; // another Redis may answer next
  });
  return async () => {
    facts ??= inspectRedis(redis);
    const known = await facts.catch((error: unknown) => {
      facts = undefined;
      throw error;
    });
    if (known.fsyncsAlways) return;
    if (!known.knowsWaitAof) throw new Error(cannot(known));
    const [onDisk] = (await redis.call('WAITAOF', 1, 0, KEEP_WITHIN_MS)) as [number]; // numbers of local and replica fsyncs
    if (onDisk < 1) throw new Error('Redis did not bring it to disk in time');
  };
}

export const cannot = ({ version }: RedisFacts): string =>
  `durability is fsync, and Redis ${version} cannot promise it: set "appendfsync always" there, or use Redis 7.2 or later`;

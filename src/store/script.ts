import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;
export type Script = (redis: Redis, keys: readonly string[], ...args: readonly Argument[]) => Promise<unknown>;

/** A script in Lua: one atomic step, and one round trip. Redis knows it by its digest; the text goes only to one that does not. */
export function createScript(lua: string): Script {
  const sha = createHash('sha1').update(lua).digest('hex'); // Redis names scripts by it; nothing is kept safe with it
  return async (redis, keys, ...args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}

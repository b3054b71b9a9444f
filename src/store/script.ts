import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;
export type Script = (redis: Redis, keys: readonly string[], ...args: readonly Argument[]) => Promise<unknown>;

const FOLDER = new URL('./scripts/', import.meta.url);
const INCLUDE = /^-- @include (\S+)$/gm;

/** The text of scripts/<name>.lua, with its includes. Its header lists KEYS, ARGV and replies. */
export function readScript(name: string): string {
  const lua = readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8');
  return lua.replace(INCLUDE, (_line, part: string) => readFileSync(new URL(`includes/${part}.lua`, FOLDER), 'utf8'));
}

/** Redis names scripts by SHA-1; no security depends on it. */
const nameOf = (lua: string): string => createHash('sha1').update(lua).digest('hex');

/**
 * A Lua script: one atomic step, and one round trip. Redis knows it by its digest; the text is sent only where it does
 * not.
 */
export function createScript(name: string): Script {
  const lua = readScript(name);
  const sha = nameOf(lua);
  return async (redis, keys, ...args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}

/** As createScript, for a reply with bytes that are no text. */
export function createBinaryScript(name: string): Script {
  const lua = readScript(name);
  const sha = nameOf(lua);
  return async (redis, keys, ...args) => {
    try {
      return await redis.callBuffer('EVALSHA', sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.callBuffer('EVAL', lua, keys.length, ...keys, ...args);
    }
  };
}

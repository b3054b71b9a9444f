import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;
export type Script = (redis: Redis, keys: readonly string[], ...args: readonly Argument[]) => Promise<unknown>;

const FOLDER = new URL('./scripts/', import.meta.url);
const INCLUDE = /^-- @include (\S+)$/gm;

/**
 * The text of scripts/<name>.lua, with what it includes. Its header says which KEYS and ARGV it takes and what it
 * replies.
 */
export function readScript(name: string): string {
  const lua = readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8');
  return lua.replace(INCLUDE, (_line, part: string) => readFileSync(new URL(`includes/${part}.lua`, FOLDER), 'utf8'));
}

/** Redis names scripts by SHA-1; nothing is kept safe with it. */
const nameOf = (lua: string): string => createHash('sha1').update(lua).digest('hex');

/**
 * A script in Lua: one atomic step, and one round trip. Redis knows it by its digest; the text goes only to one that
 * does not.
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

/** As createScript, for one whose reply may hold bytes that are no text. */
export function createBinaryScript(name: string): (redis: Redis, keys: readonly string[]) => Promise<unknown> {
  const lua = readScript(name);
  const sha = nameOf(lua);
  return async (redis, keys) => {
    try {
      return await redis.callBuffer('EVALSHA', sha, keys.length, ...keys);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.callBuffer('EVAL', lua, keys.length, ...keys);
    }
  };
}

import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createScript } from '../script.ts';

/** A key as it was seen. */
export interface Seen {
  readonly key: string;
  /** SHA-1 of its DUMP; empty: there was none. Nothing is kept safe with it. */
  readonly digest: string;
}

export type Command = readonly [name: string, key: string, ...args: readonly (string | number | Buffer)[]];

const swapDeployment = createScript('swap-deployment');

/** Reads a key, and notes how it is: what is written between the two is noticed by swap(). */
export async function see<Value>(
  redis: Redis,
  key: string,
  read: () => Promise<Value>,
): Promise<{ readonly seen: Seen; readonly value: Value }> {
  const [dump, value] = await Promise.all([redis.dumpBuffer(key), read()]); // sent in this order
  return { seen: { key, digest: dump ? createHash('sha1').update(dump).digest('hex') : '' }, value };
}

/** Runs all commands as one step. @returns false when one of the keys was written to since it was seen */
export async function swap(redis: Redis, seen: readonly Seen[], commands: readonly Command[]): Promise<boolean> {
  const places = new Map<string, number>();
  for (const { key } of seen) if (!places.has(key)) places.set(key, places.size + 1);
  const watched = places.size;
  for (const [, key] of commands) if (!places.has(key)) places.set(key, places.size + 1);
  const digests = new Map(seen.map(({ key, digest }) => [key, digest]));
  const reply = await swapDeployment(
    redis,
    [...places.keys()],
    ...[watched, ...digests.values()],
    ...commands.flatMap(([name, key, ...args]) => [args.length, name, places.get(key) ?? 0, ...args]),
  );
  return reply === 1;
}

import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/** A key in the state in which it was read. */
export interface Seen {
  readonly key: string;
  /** SHA-1 of its DUMP; empty: it did not exist. No security depends on it. */
  readonly digest: string;
}

/**
 * UNGROUP takes an index, its packed one, a score and a name that leaves its block. LOG_ENTRY takes the version, the
 * log, and the timeline entry before and after ('' for none).
 */
export type Command = readonly [name: string, key: string, ...args: readonly (string | number | Buffer)[]];

export const UNGROUP = 'UNGROUP';
const LOG_ENTRY = 'LOG_ENTRY';
/** Those whose first argument is another key. */
const OF_TWO_KEYS: ReadonlySet<string> = new Set([UNGROUP, LOG_ENTRY]);

/** A new version of the change log (entry-changes.ts). */
export const logEntry = (before: string, after: string): Command => [
  ...([LOG_ENTRY, keys.changesVersion(), keys.entryChanges()] as const),
  ...[before, after],
];

const swapDeployment = createScript('swap-deployment');

/** Reads a key, and notes its state: swap() notices what is written between the two. */
export async function see<Value>(
  redis: Redis,
  key: string,
  read: () => Promise<Value>,
): Promise<{ readonly seen: Seen; readonly value: Value }> {
  const [dump, value] = await Promise.all([redis.dumpBuffer(key), read()]); // sent in this order
  return { seen: { key, digest: dump ? createHash('sha1').update(dump).digest('hex') : '' }, value };
}

/**
 * Runs all commands in one atomic step.
 * @returns false when one of the keys was written since it was read
 */
export async function swap(redis: Redis, seen: readonly Seen[], commands: readonly Command[]): Promise<boolean> {
  const positions = new Map<string, number>();
  for (const { key } of seen) if (!positions.has(key)) positions.set(key, positions.size + 1);
  const watched = positions.size;
  const keysOf = ([name, key, other]: Command) => (OF_TWO_KEYS.has(name) ? [key, String(other)] : [key]);
  for (const key of commands.flatMap(keysOf)) if (!positions.has(key)) positions.set(key, positions.size + 1);
  const placed = ([name, key, ...args]: Command) => {
    const [other = '', ...rest] = args;
    const given = OF_TWO_KEYS.has(name) ? [positions.get(String(other)) ?? 0, ...rest] : args;
    return [given.length, name, positions.get(key) ?? 0, ...given];
  };
  const digests = new Map(seen.map(({ key, digest }) => [key, digest]));
  const reply = await swapDeployment(
    redis,
    [...positions.keys()],
    ...[watched, ...digests.values()],
    ...commands.flatMap(placed),
  );
  return reply === 1;
}

import type { Redis } from 'ioredis';
import { reindex } from './changes/reindex.ts';
import { keys } from './keys.ts';

/**
 * The layout of the data in Redis, as docs/redis.md describes it. It is raised when an earlier release would misread
 * what this one writes; what an earlier release merely does not know raises nothing.
 *
 * - 1: release 0.1.0, which wrote no number.
 * - 2: a deployment that has ended and is quiet is packed within its hash. Not released.
 * - 3: it is packed with all that is stored of it elsewhere, under a short key (changes/packed/archive.ts). Not
 *   released.
 * - 4: indexes hold packed deployments in blocks of fifty (changes/packed/index-blocks.ts); webhooks are packed
 *   (inbox/packer.ts).
 */
export const FORMAT = 4;

/**
 * Brings the data in Redis from the previous format to `to`, while webhooks come in. May be interrupted and run again.
 */
export interface Migration {
  readonly to: number;
  /**
   * @param from where an earlier run stopped, or nothing
   * @param save notes the progress
   */
  run(redis: Redis, from: string | undefined, save: (cursor: string) => Promise<void>): Promise<void>;
}

/** All layouts are read, and deployments are packed as time goes by; what 0.1.0 recorded is found by every filter. */
const MIGRATIONS: readonly Migration[] = [
  { to: 2, async run() {} },
  { to: 3, run: reindex },
  { to: 4, async run() {} },
];

/** This release must neither read nor write anything in this Redis. */
export class FormatRefused extends Error {
  override readonly name = 'FormatRefused';
}

/**
 * Makes sure that this release can read the data in Redis, and writes down its format. Without a number it is format 1,
 * empty or not: the first writes are of a format that the previous release reads as well.
 * @throws FormatRefused
 */
export async function openFormat(redis: Redis): Promise<{ readonly format: number; readonly wasMissing: boolean }> {
  const stored = await redis.get(keys.format());
  if (stored === null) {
    await redis.set(keys.format(), '1', 'NX');
    return { format: 1, wasMissing: true };
  }
  const format = /^[1-9]\d{0,5}$/.test(stored) ? Number(stored) : undefined;
  if (format === undefined)
    throw new FormatRefused(
      `the key ${keys.format()} in Redis holds "${stored.slice(0, 40)}", which is no storage format: ` +
        'is another program using this database? Give Shiplog a database of its own.',
    );
  if (format > FORMAT)
    throw new FormatRefused(
      `the data in Redis is of storage format ${format}, and this release reads formats up to ${FORMAT}: ` +
        'a newer Shiplog has written to it. Start that one again, or restore the backup from before the upgrade ' +
        '(docs/upgrade.md).',
    );
  return { format, wasMissing: false };
}

/**
 * Runs the migrations from the format in Redis to ours, one after another. After each the number is raised; when
 * interrupted, the next start continues.
 */
export async function migrate(
  redis: Redis,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<{ readonly from: number; readonly to: number; readonly isNew: boolean; readonly wasMissing: boolean }> {
  const { format: from, wasMissing } = await openFormat(redis);
  const found = await Promise.all([keys.changes(), keys.inbox()].map((key) => redis.exists(key)));
  const isNew = found.every((count) => count === 0);
  let reached = from;
  for (const migration of migrations) {
    if (migration.to <= reached) continue;
    const field = String(migration.to);
    const cursor = (await redis.hget(keys.migration(), field)) ?? undefined;
    await migration.run(redis, cursor, async (next) => {
      await redis.hset(keys.migration(), field, next);
    });
    await redis.multi().set(keys.format(), migration.to).del(keys.migration()).exec();
    reached = migration.to;
  }
  return { from, to: reached, isNew, wasMissing };
}

import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { readHash } from './deployment-hash.ts';
import { isPackedId } from './packed/packed-names.ts';
import { indexesOf } from './search/facets.ts';
import { type Command, logEntry, see, swap } from './swap.ts';
import { packTimelineEntry } from './timeline/packed-entry.ts';
import { readView } from './views.ts';

/** Webhooks are answered between two deployments, and the cursor is saved after this many. */
const PAGE = 200;

/**
 * Puts every deployment into the indexes in which this release would put it: an earlier one knew fewer (tier, type,
 * risk, tag), and what it recorded would not be found by them. Its timeline entry says which of the services of its
 * name it is, which 0.1.0 did not write.
 */
export async function reindex(
  redis: Redis,
  from: string | undefined,
  save: (cursor: string) => Promise<void>,
): Promise<void> {
  let cursor = from ?? '0';
  do {
    const [next, found] = await redis.zscan(keys.changes(), cursor, 'COUNT', PAGE);
    // Names and scores alternate.
    for (let at = 0; at + 1 < found.length; at += 2) await addMissing(redis, found[at] ?? '', found[at + 1] ?? '');
    cursor = next;
    if (cursor !== '0') await save(cursor);
  } while (cursor !== '0');
}

/** A deployment that is written meanwhile is indexed by its writer. */
async function addMissing(redis: Redis, name: string, score: string): Promise<void> {
  if (isPackedId(name)) return;
  const key = keys.deployment(name);
  const { seen, value: hash } = await see(redis, key, () => readHash(redis, name));
  const view = hash.isFormat2 ? undefined : await readView(redis, name);
  if (!view) return;
  const known = hash.indexes === '' ? [] : hash.indexes.split('\n');
  const missing = indexesOf(view.deployment).filter((index) => !known.includes(index));
  if (missing.length === 0) return;
  const before = (await redis.hget(keys.timeline(), name)) ?? '';
  const entry = packTimelineEntry(view.deployment);
  await swap(
    redis,
    [seen],
    [
      ['HSET', key, 'in', [...known, ...missing].join('\n')],
      ...missing.map((index): Command => ['ZADD', index, score, name]),
      ['HSET', keys.timeline(), name, entry],
      logEntry(before, entry),
    ],
  );
}

import type { Redis } from 'ioredis';
import type { LazyTimelineEntry } from '../../../domain/timeline-entry.ts';
import { keys } from '../../keys.ts';
import { createUnpack } from './packed-entry.ts';

/** What became of one timeline entry. Without `before` it is new, without `after` it was deleted. */
export interface EntryChange {
  readonly before?: LazyTimelineEntry | undefined;
  readonly after?: LazyTimelineEntry | undefined;
}

/** As many as scripts/includes/log-entry.lua keeps. */
const MAX_CHANGES = 1_000;

/**
 * All changes after one version of the change log, up to and including another.
 * @returns undefined when one of these versions is not in the log: too long ago, or written by 0.1.0
 */
export async function readEntryChanges(
  redis: Redis,
  from: string,
  to: string,
): Promise<readonly EntryChange[] | undefined> {
  const count = Number(to) - Number(from);
  if (count === 0) return [];
  if (!(count > 0 && count <= MAX_CHANGES)) return undefined;
  const logged = await redis.xrange(keys.entryChanges(), `${Number(from) + 1}-0`, `${to}-0`);
  if (logged.length !== count) return undefined;
  const unpack = createUnpack();
  const read = (text: string): LazyTimelineEntry | undefined => {
    const entries: LazyTimelineEntry[] = [];
    unpack({ text, from: 0, to: text.length }, entries);
    return entries[0];
  };
  return logged.flatMap(([, [name, before = '', , after = '']]) =>
    name === 'before' ? [{ before: read(before), after: read(after) }] : [],
  );
}

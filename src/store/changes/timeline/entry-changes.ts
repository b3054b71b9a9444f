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

/** A version of the change log, as one server has it. */
export const versionOf = (server: string, number: string): string => (server === '' ? number : `${server}:${number}`);

/** How many versions one is after another; undefined where they are of two servers. */
function stepsBetween(from: string, to: string): number | undefined {
  const [fromEnd, toEnd] = [from.lastIndexOf(':') + 1, to.lastIndexOf(':') + 1];
  return from.slice(0, fromEnd) === to.slice(0, toEnd)
    ? Number(to.slice(toEnd)) - Number(from.slice(fromEnd))
    : undefined;
}

/**
 * All changes after one version of the change log, up to and including another.
 * @returns undefined when one of these versions is not in the log: too long ago, written by 0.1.0, or of another server
 */
export async function readEntryChanges(
  redis: Redis,
  from: string,
  to: string,
): Promise<readonly EntryChange[] | undefined> {
  const count = stepsBetween(from, to);
  if (count === 0) return [];
  if (count === undefined || !(count > 0 && count <= MAX_CHANGES)) return undefined;
  const last = Number(to.slice(to.lastIndexOf(':') + 1));
  const logged = await redis.xrange(keys.entryChanges(), `${last - count + 1}-0`, `${last}-0`);
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

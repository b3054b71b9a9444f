import type { Redis } from 'ioredis';
import type { Deployment } from '../../../domain/deployment.ts';
import type { ChangeSelection } from './filter.ts';
import { find } from './find.ts';
import { createFit, type ReadEach } from './fit.ts';

/** Read at once: about a megabyte. */
const PAGE = 500;

/**
 * All that match, newest first, however many: one page is in memory. An entry that moves down meanwhile and was in the
 * previous page is not returned twice.
 */
export async function* scan(
  redis: Redis,
  selection: ChangeSelection,
  read: ReadEach,
): AsyncGenerator<readonly Deployment[]> {
  const fits = createFit(selection);
  let before = new Set<string>();
  for await (const { names } of find(redis, selection)) {
    for (let at = 0; at < names.length; at += PAGE) {
      const found = (await read(names.slice(at, at + PAGE))).filter((one) => one !== undefined);
      yield found.filter((one) => !before.has(one.key) && fits(one));
      before = new Set(found.map(({ key }) => key));
    }
  }
}

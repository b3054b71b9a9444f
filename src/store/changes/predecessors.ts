import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Predecessor } from '../../domain/succession.ts';
import type { DeploymentView } from '../../domain/view.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { lineageKey, packPredecessor } from './lineage.ts';
import { isPackedId } from './packed/packed-names.ts';
import { viewOf } from './packed/packing.ts';

const read = createScript('read-predecessors');

/** Those of a lineage that succeeded before a moment (ISO 8601 UTC), newest first. */
export async function readPredecessors(
  redis: Redis,
  lineage: string,
  { at, limit }: { readonly at: string; readonly limit: number },
): Promise<readonly Predecessor[]> {
  for (;;) {
    const reply = await read(redis, [lineageKey(lineage), keys.predecessors()], `(${Date.parse(at)}`, limit);
    const [digest = '', ...found] = reply as string[]; // the script's reply
    const packed = await readPackedOnes(redis, found.filter(isPackedId));
    const missing = found.filter((text) => isPackedId(text) && !packed.has(text));
    if (missing.length > 0) {
      // Unpacked meanwhile, and it has another name now; or lost. An id is never used again.
      await redis.zrem(lineageKey(lineage), ...missing);
      continue;
    }
    const predecessors = found.map((text) => JSON.parse(packed.get(text) ?? text) as Predecessor); // packPredecessor()
    digests.set(predecessors, digest);
    return predecessors;
  }
}

const digests = new WeakMap<readonly Predecessor[], string>();
/** Identifies what was read: a script compares it when the view is written. */
export const digestOf = (read: readonly Predecessor[]): string =>
  digests.get(read) ?? hash('sha1', read.map((one) => JSON.stringify(one)).join('\n'), 'hex');

async function readPackedOnes(redis: Redis, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const all = await redis.mgetBuffer(...ids.map((id) => keys.packed(id)));
  return new Map(
    ids.flatMap((id, at) => {
      const bytes = all[at];
      // written by store() alone
      return bytes ? [[id, packPredecessor((JSON.parse(viewOf(bytes)) as DeploymentView).deployment)] as const] : [];
    }),
  );
}

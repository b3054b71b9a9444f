import type { Redis } from 'ioredis';
import { isFinal } from '../../../domain/deployment.ts';
import { HOUR_MS } from '../../../values/units.ts';
import { keys } from '../../keys.ts';
import { PACKING_WAITS_MS, packingSince } from '../../packing-since.ts';
import { nowOf } from '../../time.ts';
import { readView } from '../views.ts';
import { packDeployment } from './archive.ts';
import { group, isGrouped } from './index-blocks.ts';
import { isPackedId } from './packed-names.ts';

/** How often the whole change log is scanned. */
const ROUND_MS = HOUR_MS;
/** Each takes a millisecond; webhooks are answered in between. */
const AT_ONCE = 200;

export interface Packer {
  /**
   * Packs some of those that have ended and been quiet.
   * @returns how many
   */
  packSome(): Promise<number>;
}

/** @param quietMs for tests */
export function createPacker(redis: Redis, quietMs = PACKING_WAITS_MS): Packer {
  let rank = 0;
  let restUntilMs = 0;
  /** Indexes in which something was packed in this round: at its end they are grouped into blocks. */
  const grown = new Set<string>();
  return {
    async packSome() {
      const nowMs = await nowOf(redis);
      if (nowMs < restUntilMs || nowMs < (await packingSince(redis, nowMs)) + quietMs) return 0;
      const names = await redis.zrange(keys.changes(), String(rank), String(rank + AT_ONCE - 1));
      rank += names.length;
      let count = 0;
      const sinks = await redis.smembers(keys.sinks());
      for (const name of names) {
        const indexes = (await isQuiet(redis, name, nowMs - quietMs)) && (await packDeployment(redis, name, sinks));
        if (!indexes) continue;
        count += 1;
        for (const index of indexes.filter(isGrouped)) grown.add(index);
      }
      if (names.length < AT_ONCE) {
        rank = 0;
        restUntilMs = nowMs + ROUND_MS;
        for (const index of grown) await group(redis, index);
        grown.clear();
      }
      return count;
    },
  };
}

/** It has ended, and nobody has reported it since. */
async function isQuiet(redis: Redis, name: string, sinceMs: number): Promise<boolean> {
  const view = isPackedId(name) ? undefined : await readView(redis, name);
  if (!view) return false;
  const { deployment, heardAt } = view;
  return isFinal(deployment.state) && Math.max(Date.parse(heardAt), Date.parse(deployment.receivedAt)) < sinceMs;
}

import type { Redis } from 'ioredis';
import { isFinal } from '../../domain/deployment.ts';
import type { DeploymentView } from '../../domain/view.ts';
import { keys } from '../keys.ts';
import { nowOf } from '../time.ts';
import { PACKED, packHash, readHash } from './deployment-hash.ts';

/** A release before this one can be started again for so long without missing a deployment. */
const QUIET_MS = 86_400_000;
/** The whole change log is looked through once in so long. */
const ROUND_MS = 3_600_000;
/** Each takes a third of a millisecond; webhooks are answered in between. */
const AT_ONCE = 200;

export interface Packer {
  /** Packs some of those that have ended and been quiet. @returns how many */
  packSome(): Promise<number>;
}

/** @param quietMs for tests */
export function createPacker(redis: Redis, quietMs = QUIET_MS): Packer {
  let rank = 0;
  let restUntilMs = 0;
  return {
    async packSome() {
      const nowMs = await nowOf(redis);
      if (nowMs < restUntilMs) return 0;
      const names = await redis.zrange(keys.changes(), String(rank), String(rank + AT_ONCE - 1));
      rank += names.length;
      if (names.length < AT_ONCE) {
        rank = 0;
        restUntilMs = nowMs + ROUND_MS;
      }
      let count = 0;
      for (const name of names) if (await pack(redis, name, nowMs - quietMs)) count += 1;
      return count;
    },
  };
}

async function pack(redis: Redis, name: string, quietSinceMs: number): Promise<boolean> {
  if (await redis.hexists(keys.deployment(name), PACKED)) return false;
  const hash = await readHash(redis, name);
  // written by store() alone
  if (hash.view === '' || !isQuiet(JSON.parse(hash.view) as DeploymentView, quietSinceMs)) return false;
  return packHash(redis, name, hash);
}

const isQuiet = ({ deployment, heardAt }: DeploymentView, sinceMs: number): boolean =>
  isFinal(deployment.state) && Date.parse(heardAt) < sinceMs && Date.parse(deployment.receivedAt) < sinceMs;

import type { Redis } from 'ioredis';
import { digest } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { Predecessor } from '../domain/succession.ts';
import { key } from './keys.ts';
import { createScript } from './script.ts';

/** Those that succeeded in one place, by time. */
export const lineageKey = (lineage: string) => key('lineage', digest(lineage));
/** What is remembered of each of them: a tenth of its view, which every webhook would have to read ten times. */
export const DEPLOYED = key('deployed');

/** KEYS: lineage, deployed; ARGV: before which time, how many. */
const READ = createScript(`
local names = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf', 'LIMIT', 0, ARGV[2])
return #names > 0 and redis.call('HMGET', KEYS[2], unpack(names)) or {}`);

export function packPredecessor({ key: name, occurredAt, ref, commit }: Deployment): string {
  const { sha, committedAt } = commit ?? {};
  const predecessor: Predecessor = {
    key: name,
    occurredAt,
    ...(ref && { ref }),
    commit: { ...(sha && { sha }), ...(committedAt && { committedAt }) },
  };
  return JSON.stringify(predecessor);
}

/** Those of a lineage that succeeded before a moment (ISO 8601 UTC), newest first. */
export async function readPredecessors(
  redis: Redis,
  lineage: string,
  { at, limit }: { readonly at: string; readonly limit: number },
): Promise<readonly Predecessor[]> {
  const packed = await READ(redis, [lineageKey(lineage), DEPLOYED], `(${Date.parse(at)}`, limit);
  return (packed as (string | null)[]).flatMap((json) => (json === null ? [] : [JSON.parse(json) as Predecessor])); // written by packPredecessor() alone
}

import type { Redis } from 'ioredis';
import { digest } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { Predecessor } from '../../domain/succession.ts';
import { keys } from '../keys.ts';

/** How many later deployments may be judged by one: they may have gone back to it. */
const FOLLOWERS = 20;

/** The deployments of one lineage, by time. */
export const lineageKey = (lineage: string) => keys.lineage(digest(lineage));
export const isLineage = (index: string): boolean => index.startsWith(keys.lineage(''));

/** A deployment that began while it ran follows it, even if it failed before that one had ended. */
export const lineageScore = ({ succeededAt, occurredAt }: Pick<Deployment, 'succeededAt' | 'occurredAt'>): number =>
  Date.parse(succeededAt ?? occurredAt);

/** Those that follow a moment in some lineages, the nearest of each first. */
export async function followersIn(redis: Redis, lineageKeys: readonly string[], score: number): Promise<string[]> {
  const names = lineageKeys.map((lineageIndex) =>
    redis.zrangebyscore(lineageIndex, `(${score}`, '+inf', 'LIMIT', 0, FOLLOWERS),
  );
  return (await Promise.all(names)).flat();
}

/** The most of its images that are compared with those of its successor. */
const ARTIFACTS = 10;
const ARTIFACT_CHARS = 300; // keeps it small; a longer name is not compared

/** A tenth of its view: every webhook would have to read ten views. */
export function packPredecessor(deployment: Deployment): string {
  const {
    key: name,
    occurredAt,
    succeededAt,
    repeatedUntil,
    ref,
    commit,
    startedAt,
    finishedAt,
    manifests,
  } = deployment;
  const artifacts = deployment.artifacts.filter(({ length }) => length <= ARTIFACT_CHARS).slice(0, ARTIFACTS);
  const endedAt = succeededAt ?? finishedAt;
  const tookMs = startedAt && endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : undefined;
  const { sha, committedAt } = commit ?? {};
  const predecessor: Predecessor = {
    key: name,
    occurredAt: succeededAt ?? occurredAt,
    ...(repeatedUntil && { repeatedUntil }),
    ...(ref && { ref }),
    ...(tookMs !== undefined && { tookMs }),
    commit: { ...(sha && { sha }), ...(committedAt && { committedAt }) },
    ...(artifacts.length > 0 && { artifacts }),
    ...(deployment.state === 'failed' && { failed: true }),
    ...(manifests?.rendered && { manifests }),
  };
  return JSON.stringify(predecessor);
}

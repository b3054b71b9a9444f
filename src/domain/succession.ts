import { forgeOf } from '../forges/index.ts';
import { shortSha } from '../values/sha.ts';
import type { Deployment, Replaced } from './deployment.ts';
import { serviceKeyOf } from './service.ts';

/** What later deployments need to know of an earlier one. */
export type Predecessor = Pick<Deployment, 'key' | 'occurredAt' | 'repeatedUntil' | 'ref' | 'commit' | 'manifests'> & {
  /** Its images and chart versions. An earlier release did not store them. */
  readonly artifacts?: readonly string[];
  /** It failed after it had succeeded. */
  readonly failed?: true;
  /** From its start to its end. */
  readonly tookMs?: number;
};

/** How many earlier deployments of an environment are compared to recognise a roll-back. */
export const PREDECESSORS = 10;

/**
 * Deployments with the same lineage follow one another: the same service, by its final name, of the same repository in
 * the same environment.
 */
export function lineageOf(deployment: Deployment): string {
  return `${serviceKeyOf(deployment)}\n${deployment.environment.name.toLowerCase()}`;
}

/**
 * Which deployment this one replaced, and whether it went back to one that had run before.
 * @param earlier deployments of the same lineage that succeeded before this one started, newest first.
 */
export function succeed(given: Deployment, earlier: readonly Predecessor[]): Deployment {
  const deployment = withCommitOfManifests(given, earlier);
  const previous = earlier.find(({ key }) => key !== deployment.key);
  if (!previous || hasNeverRun(deployment)) return deployment;
  const why = deployment.changeType === 'deployment' ? rolledBackTo(deployment, previous, earlier) : undefined;
  return {
    replaced: replacedBy(deployment, previous),
    ...deployment,
    ...(why && { changeType: 'rollback', notes: [...deployment.notes, why] }),
  };
}

/** Without what it replaced, and no longer as a roll-back. */
const hasNeverRun = ({ endReason, startedAt }: Deployment): boolean =>
  endReason === 'never_ran' || (endReason === 'superseded' && startedAt === undefined);

/** A revision that was once generated from a commit belongs to that commit when it is deployed again. */
function withCommitOfManifests(deployment: Deployment, earlier: readonly Predecessor[]): Deployment {
  const { commit, manifests, notes } = deployment;
  if (commit?.sha || !manifests?.rendered || manifests.revision === undefined) return deployment;
  const { revision, url } = manifests;
  const same = earlier.find((one) => one.manifests?.revision === revision && one.manifests.url === url);
  const sha = same?.commit?.sha;
  if (!same || !sha) return deployment;
  const note = `The commit is that of ${same.key}, which deployed the same manifests.`;
  return { ...deployment, commit: { ...commit, sha }, notes: [...notes, note] };
}

/**
 * By evidence, never a guess: this very commit ran here before another one, or the commit is older on the same branch.
 */
function rolledBackTo(
  deployment: Deployment,
  previous: Predecessor,
  earlier: readonly Predecessor[],
): string | undefined {
  const { sha, committedAt } = deployment.commit ?? {};
  const last = previous.commit;
  if (!sha || !last?.sha || sha === last.sha) return undefined;
  const before = earlier.find(({ key, commit }) => key !== deployment.key && commit?.sha === sha);
  if (before) return `A roll-back: ${shortSha(sha)} ran here before ${shortSha(last.sha)} (${before.occurredAt}).`;
  const sameBranch = deployment.ref !== undefined && deployment.ref === previous.ref;
  if (sameBranch && committedAt && last.committedAt && committedAt < last.committedAt)
    return `A roll-back: ${shortSha(sha)} is older than ${shortSha(last.sha)}, which ran here.`;
  return undefined;
}

function replacedBy(deployment: Deployment, previous: Predecessor): Replaced {
  const from = previous.commit?.sha;
  const compareUrl = from && compareUrlOf(deployment, from);
  const { artifacts = [] } = previous;
  return {
    deployment: previous.key,
    ...(from && { sha: from }),
    ...(artifacts.length > 0 && { artifacts }),
    ...(previous.failed && { failed: previous.failed }),
    ...(compareUrl && { compareUrl }),
  };
}

/** The page on which the host compares the two commits. */
export function compareUrlOf({ repository, commit }: Deployment, from: string): string | undefined {
  const to = commit?.sha;
  if (!to || to === from) return undefined;
  return forgeOf(repository)?.compareUrl(from, to);
}

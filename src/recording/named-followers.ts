import type { DeploymentView } from '../domain/view.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';

/**
 * Later deployments that get their commit from this one, as they deployed the same manifests (domain/succession.ts).
 * A sink that requires a commit could not accept them before, so they are forwarded again.
 */
export async function namedFollowers(
  changeLog: Pick<ChangeLog, 'get'>,
  { deployment, neighbors }: AppliedChange,
): Promise<readonly DeploymentView[]> {
  const { commit, manifests } = deployment;
  if (!commit?.sha || !manifests?.rendered) return [];
  const views = await Promise.all(neighbors.followers.map((key) => changeLog.get(key)));
  return views.filter((view) => view?.deployment.manifests?.revision === manifests.revision).filter(isThere);
}

const isThere = (view: DeploymentView | undefined): view is DeploymentView => view !== undefined;

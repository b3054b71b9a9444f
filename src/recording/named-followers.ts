import type { DeploymentView } from '../domain/view.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';

/**
 * Those that follow a deployment and have its commit by the manifests that it deployed as well (domain/succession.ts):
 * a sink that takes none without a commit had nothing to take when they were told first.
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

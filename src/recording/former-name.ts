import type { Deployment } from '../domain/deployment.ts';
import type { Repositories } from '../store/changes/repositories.ts';

export type FormerName = Repositories['formerName'];

/** With the first name of its repository, where that was renamed. */
export async function withFormerName(deployment: Deployment, formerName?: FormerName): Promise<Deployment> {
  const { repository } = deployment;
  if (!repository || !formerName) return deployment;
  const formerly = await formerName(repository);
  return formerly === undefined ? deployment : { ...deployment, repository: { ...repository, formerly } };
}

import { type Deployment, summarize } from '../domain/deployment.ts';

/** So many of the newest are looked through for a text, which takes a tenth of a second, or for several facets, a hundredth. */
export const SEARCHED = 5_000;

/** True for a deployment that holds every word somewhere in what a person may remember of it. */
export function createTextMatch(text: string): (deployment: Deployment) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (deployment) => {
    const said = textOf(deployment);
    return words.every((word) => said.includes(word));
  };
}

function textOf(deployment: Deployment): string {
  const { service, environment, commit, ref, actor, pullRequest, artifacts, repository, job, manifests } = deployment;
  return [
    service,
    environment.name,
    summarize(deployment),
    commit?.sha,
    commit?.title,
    commit?.message,
    commit?.author,
    manifests?.revision,
    ref,
    actor,
    repository?.name,
    job,
    pullRequest && `#${pullRequest.number} !${pullRequest.number} ${pullRequest.title ?? ''}`,
    ...artifacts,
  ]
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase();
}

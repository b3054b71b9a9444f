import type { Deployment } from '../../domain/deployment.ts';
import { deploymentPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';

/** Deployments by their keys. Absent: none is kept by that key any more. */
export type Named = ReadonlyMap<string, Deployment>;

export interface NamedDeployments {
  many(keys: readonly string[]): Promise<readonly Deployment[]>;
}

/** @param about webhooks or dead letters, by the keys of the deployments that they are about */
export async function findNamed(
  about: readonly { readonly deployments: readonly string[] }[],
  { many }: NamedDeployments,
): Promise<Named> {
  const found = await many([...new Set(about.flatMap(({ deployments }) => deployments))]);
  return new Map(found.map((deployment) => [deployment.key, deployment]));
}

/** What it deployed where; its key where nothing more is known of it. */
export function DeploymentLink({ of: key, named }: { of: string; named: Named | undefined }): Html {
  const deployment = named?.get(key);
  return deployment ? (
    <a href={deploymentPath(key)} title={key}>
      <bdi>{deployment.service}</bdi> → <bdi>{deployment.environment.name}</bdi>
    </a>
  ) : (
    <a class="key" href={deploymentPath(key)}>
      <bdi>{key}</bdi>
    </a>
  );
}

import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { gitlabEnvironmentsUrl } from '../../forges/gitlab.ts';
import { fullSha } from '../../values/sha.ts';
import type { Delivered, DeliveryLedger } from '../sink.ts';
import type { GitlabApi } from './api.ts';
import type { GitlabStatus } from './schema.ts';
import { type Destination, environmentOf, namedProject, projectOf, statusOf } from './target.ts';

/** A deployment, and the GitLab that it would be sent to. */
export interface Subject {
  readonly api: GitlabApi;
  readonly map: Destination;
  readonly deployment: Deployment;
}

export interface Delivery extends Subject {
  readonly ledger: DeliveryLedger;
  readonly signal: AbortSignal;
  readonly now: Date;
}

export interface Target {
  readonly project: string;
  readonly environment: string;
  readonly sha: string;
  readonly status: GitlabStatus;
}

/** A delivery whose project, environment, commit and status are known. */
export type ResolvedDelivery = Delivery & Target;

/** @throws DeliveryFailed where GitLab could not accept it */
export function targetOf({ deployment, map }: Subject): Target {
  const project = projectOf(deployment, map);
  const status = statusOf(deployment.state);
  const sha = fullSha(deployment.commit?.sha);
  const environment = environmentOf(deployment, map);
  if (project !== undefined && status !== undefined && sha !== undefined) return { project, environment, sha, status };
  const message =
    sha === undefined
      ? `${deployment.key} has no full commit sha, and GitLab records no deployment without one. Let the sender send ` +
        'all its hex digits (Argo CD: the annotation shiplog/commit, or a Git source instead of a chart)'
      : `${deployment.key} has no GitLab project or no status that GitLab takes`;
  throw new DeliveryFailed(message, { retry: 'never' });
}

/** What the ledger and the log keep of a delivery that GitLab accepted. */
export function done(delivery: ResolvedDelivery, id: string, message: string, status?: number): Delivered {
  const { api, project, map, deployment } = delivery;
  const named = namedProject(deployment, map);
  const location = named === undefined ? undefined : map.moved.get(named.toLowerCase());
  const path = location ? location.path : /^\d+$/.test(project) ? undefined : project;
  return {
    message,
    remoteId: id,
    ...(status !== undefined && { status }),
    ...(path && { remoteUrl: gitlabEnvironmentsUrl(`${api.url}/${path}`) }),
  };
}

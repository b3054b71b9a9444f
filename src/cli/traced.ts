import type { Change, DeadLetter, DeploymentDetail, Webhook } from '../http/api-schemas.ts';

/** Everything about one deployment. */
export interface TracedDeployment extends DeploymentDetail {
  readonly webhooks: readonly Webhook[];
  readonly dead_letters: readonly DeadLetter[];
}

export interface Traced {
  /** What the identifier turned out to be. */
  readonly found: 'deployment' | 'commit' | 'webhook' | 'dead letter' | 'delivery of the tool';
  /** The webhooks that were asked for; those of a deployment are listed with it. */
  readonly webhooks: readonly Webhook[];
  readonly deployments: readonly TracedDeployment[];
  /** Several deployments match, and none of them is shown in full. */
  readonly matches: readonly Change[];
}

import type { Change, DeadLetter, DeploymentDetail, Webhook } from '../http/api-schemas.ts';

/** Everything about one deployment. */
export interface TracedDeployment extends DeploymentDetail {
  readonly webhooks: readonly Webhook[];
  readonly dead_letters: readonly DeadLetter[];
}

export interface Traced {
  /** What was asked for turned out to be this. */
  readonly found: 'deployment' | 'commit' | 'webhook' | 'dead letter' | 'delivery of the tool';
  /** The webhooks that were asked for; those of a deployment stand with it. */
  readonly webhooks: readonly Webhook[];
  readonly deployments: readonly TracedDeployment[];
  /** Several fit, and none of them is shown whole. */
  readonly matches: readonly Change[];
}

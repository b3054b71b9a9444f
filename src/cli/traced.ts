import type { Change } from '../http/answers/change.ts';
import type { DeadLetter } from '../http/answers/dead-letter.ts';
import type { DeploymentDetail } from '../http/answers/deployment.ts';
import type { Webhook } from '../http/answers/webhook.ts';

/** Everything about one deployment. */
export interface TracedDeployment extends DeploymentDetail {
  readonly webhooks: readonly Webhook[];
  readonly dead_letters: readonly DeadLetter[];
}

export interface Traced {
  /** What the identifier turned out to be. */
  readonly found:
    | 'deployment'
    | 'commit'
    | 'address'
    | 'webhook'
    | 'dead letter'
    | 'id of the sender'
    | 'delivery of the tool';
  /** The webhooks that were asked for; those of a deployment are listed with it. */
  readonly webhooks: readonly Webhook[];
  readonly deployments: readonly TracedDeployment[];
  /** Several deployments match, and none of them is shown in full. */
  readonly matches: readonly Change[];
}

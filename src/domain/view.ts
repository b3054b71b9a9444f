import type { RoutingResult } from './rules/routing.ts';

/**
 * A deployment as it is shown and delivered: the fold of its records, what it replaced, and the result of the rules.
 */
export interface DeploymentView extends RoutingResult {
  /** Its lineage (succession.ts). */
  readonly lineage: string;
  /** When the webhook that decided its state came in: ISO 8601 UTC. */
  readonly heardAt: string;
}

import type { RoutingResult } from './routing.ts';

/** A deployment as it is shown and told: all its records, what it replaced, and what the rules made of it. */
export interface DeploymentView extends RoutingResult {
  /** The place in which it succeeds others (succession.ts). */
  readonly lineage: string;
  /** When the webhook came that decided its state: ISO 8601 UTC. */
  readonly heardAt: string;
}

import type { ChangeRecord } from './change-record.ts';
import { fold } from './fold.ts';
import { type Routed, type RoutingOptions, type Rule, route } from './routing.ts';
import { withStaleness } from './stale.ts';
import { lineageOf, PREDECESSORS, type Predecessor, succeed } from './succession.ts';

/** A deployment as it is shown and told: all its records, what it replaced, and what the rules made of it. */
export interface View extends Routed {
  /** The place in which it succeeds others (succession.ts). */
  readonly lineage: string;
  /** When the webhook came that decided its state: ISO 8601 UTC. */
  readonly heardAt: string;
}

export interface ViewParts {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
  /** Deployments of a lineage that succeeded before a moment (ISO 8601 UTC), newest first. */
  readonly before: (
    lineage: string,
    wanted: { readonly at: string; readonly limit: number },
  ) => Promise<readonly Predecessor[]>;
}

export function createView({ rules, routing, before }: ViewParts) {
  return async function view(key: string, records: readonly ChangeRecord[]): Promise<View> {
    const told = fold(key, records);
    // The rules name the service and the environment; what it replaced may then be what a rule asks for.
    const lineage = lineageOf(route(told, rules, routing).deployment);
    const earlier = await before(lineage, { at: told.startedAt ?? told.occurredAt, limit: PREDECESSORS });
    const heardAt = records.find(({ id }) => id === told.decidedBy)?.receivedAt ?? told.receivedAt;
    return { lineage, heardAt, ...route(withStaleness(succeed(told, earlier), earlier), rules, routing) };
  };
}

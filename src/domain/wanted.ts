import type { Deployment } from './deployment.ts';
import type { RoutingResult } from './rules/routing.ts';

export type Wanted = { readonly wanted: true } | { readonly wanted: false; readonly why: string };

interface Wanting {
  readonly name: string;
  wants(deployment: Deployment): Wanted;
}

/** Whether a sink is to receive a deployment, and why not: the rules decide first, then the sink. */
export function wantedBy(sink: Wanting, routed: Pick<RoutingResult, 'deployment' | 'sinks' | 'droppedBy'>): Wanted {
  const { deployment, sinks, droppedBy } = routed;
  if (droppedBy !== undefined) return { wanted: false, why: `the rule ${droppedBy} drops it` };
  if (sinks && !sinks.includes(sink.name)) {
    return { wanted: false, why: `a rule sends it to ${sinks.join(', ') || 'no sink'}` };
  }
  return sink.wants(deployment);
}

import type { Deployment } from './deployment.ts';
import type { RoutingResult } from './rules/routing.ts';

export type Wanted = { readonly wanted: true } | { readonly wanted: false; readonly why: string };

interface Wanting {
  readonly name: string;
  wants(deployment: Deployment): Wanted;
  follows?(deployment: Deployment): boolean;
}

type Routed = Pick<RoutingResult, 'sinks' | 'droppedBy'>;

/** Whether a sink is to receive a deployment, and why not: the rules decide first, then the sink. */
export function wantedBy(sink: Wanting, routed: Routed & Pick<RoutingResult, 'deployment'>): Wanted {
  const { deployment, sinks, droppedBy } = routed;
  if (droppedBy !== undefined) return { wanted: false, why: `the rule ${droppedBy} drops it` };
  if (sinks && !sinks.includes(sink.name)) {
    return { wanted: false, why: `a rule sends it to ${sinks.join(', ') || 'no sink'}` };
  }
  return sink.wants(deployment);
}

/** Whether the rules send it there. A later signal may have changed that since a job was made for the sink. */
export const isRoutedTo = ({ name }: Pick<Wanting, 'name'>, { sinks, droppedBy }: Routed): boolean =>
  droppedBy === undefined && (sinks?.includes(name) ?? true);

/** Whether a job is made for the sink: also for a deployment that it only receives if it has an earlier state of it. */
export const mayReceive = (sink: Wanting, routed: Routed & Pick<RoutingResult, 'deployment'>): boolean =>
  isRoutedTo(sink, routed) && (sink.wants(routed.deployment).wanted || sink.follows?.(routed.deployment) === true);

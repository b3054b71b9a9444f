import { qualifierOf } from '../../domain/service.ts';
import { serviceLanesOf, type Window } from '../../domain/timeline.ts';
import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import type { Deployments } from '../../store/changes/deployments.ts';
import type { ShownLane } from './timeline.tsx';

/**
 * A lane a service, where all entries are of one environment. Those that share a name say which they are, and lead to
 * their own changes where they have an id.
 */
export async function readServiceLanes(
  deployments: Pick<Deployments, 'many'>,
  entries: readonly LazyTimelineEntry[],
  window: Window,
): Promise<readonly ShownLane[] | undefined> {
  const lanes = serviceLanesOf(entries, window);
  const examples = lanes?.flatMap(({ example }) => example ?? []) ?? [];
  if (!lanes || examples.length === 0) return lanes;
  const byKey = new Map((await deployments.many(examples)).map((one) => [one.key, one]));
  return lanes.map((lane) => {
    const example = byKey.get(lane.example ?? '');
    if (!example) return lane;
    const { serviceId } = example;
    return { ...lane, qualifier: qualifierOf(example), ...(serviceId !== undefined && { filter: serviceId }) };
  });
}

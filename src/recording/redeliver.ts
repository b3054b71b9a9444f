import type { DeploymentView } from '../domain/view.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/changes/deployments.ts';

export interface RedeliverParts {
  readonly sinks: readonly Sink[];
  readonly deployments: Pick<Deployments, 'list' | 'get'>;
  readonly forward: (sink: Sink, view: DeploymentView) => Promise<void>;
}

export interface Redelivered {
  /** Deployments of that time in the change log. */
  readonly looked: number;
  /** Those that the sink wants: they are in its queue now. What was delivered to it before is not delivered again. */
  readonly queued: number;
}

/** @returns undefined when there is no such sink */
export type Redeliver = (order: {
  readonly sink: string;
  readonly since: Date;
  readonly dryRun: boolean;
}) => Promise<Redelivered | undefined>;

const AT_ONCE = 100;

/** For a sink that came later: puts what the change log has since then into its queue. */
export function createRedeliver({ sinks, deployments, forward }: RedeliverParts): Redeliver {
  return async ({ sink: name, since, dryRun }) => {
    const sink = sinks.find((candidate) => candidate.name === name);
    if (!sink) return undefined;
    const wanted = ({ droppedBy, sinks: routed, deployment }: DeploymentView) =>
      !droppedBy && (!routed || routed.includes(name)) && sink.wants(deployment).wanted;
    let looked = 0;
    let queued = 0;
    for (;;) {
      const page = { facets: {}, sinceMs: since.getTime(), limit: AT_ONCE, offset: looked };
      const { deployments: listed } = await deployments.list(page);
      const views = await Promise.all(listed.map(({ key }) => deployments.get(key)));
      const found = views.filter((view): view is DeploymentView => view !== undefined && wanted(view));
      if (!dryRun) await Promise.all(found.map((view) => forward(sink, view)));
      looked += listed.length;
      queued += found.length;
      if (listed.length < AT_ONCE) return { looked, queued };
    }
  };
}

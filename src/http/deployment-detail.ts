import type { Deployment } from '../domain/deployment.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { Ledger } from '../store/deliveries/ledger.ts';
import { toChange } from './change.ts';

export interface DeploymentDetailParts {
  readonly deployments: Pick<Deployments, 'get' | 'records'>;
  /** Those that may be the same deployment, which is not certain: their keys. */
  readonly related: (deployment: Deployment) => Promise<readonly string[]>;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
}

/** By its key, an alias, or the id that a destination gave it. */
async function find({ deployments, ledger, sinks }: DeploymentDetailParts, name: string) {
  const found = await deployments.get(name);
  if (found) return found;
  const owners = await Promise.all(sinks.map((sink) => ledger.find(sink.name, name)));
  const owner = owners.find((key) => key !== undefined);
  return owner === undefined ? undefined : deployments.get(owner);
}

/** Everything about one deployment. Undefined: there is no such deployment. */
export async function describeDeployment(parts: DeploymentDetailParts, name: string) {
  const { deployments, ledger, sinks } = parts;
  const routed = await find(parts, name);
  if (!routed) return undefined;
  const { deployment, trace, droppedBy } = routed;
  const [records, related, deliveries] = await Promise.all([
    deployments.records(deployment.key),
    parts.related(deployment),
    Promise.all(
      sinks.map(async (sink) => ({
        ...((await ledger.read(sink.name, deployment.key)) ?? { sink: sink.name, attempts: [] }),
        wants: sink.wants(deployment),
      })),
    ),
  ]);
  return {
    change: toChange(deployment),
    deployment,
    records,
    rules: trace,
    related,
    ...(droppedBy && { dropped_by: droppedBy }),
    deliveries,
  };
}

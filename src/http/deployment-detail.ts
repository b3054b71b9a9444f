import type { Deployment } from '../domain/deployment.ts';
import type { RunningStatus } from '../domain/running.ts';
import { runsSinceMs } from '../domain/timeline-entry.ts';
import { wantedBy } from '../domain/wanted.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { Running } from '../store/changes/timeline/running.ts';
import type { Delivery, Ledger } from '../store/deliveries/ledger.ts';
import { toChange } from './change.ts';

export interface DeploymentDetailParts {
  readonly deployments: Pick<Deployments, 'get' | 'records'>;
  /** Deployments that may be the same one, which is not certain: their keys. */
  readonly related: (deployment: Deployment) => Promise<readonly string[]>;
  /** Whether those that succeeded still run. */
  readonly running: Pick<Running, 'statusOf'>;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
  /** The sinks that are on hold, by name. */
  readonly holds: () => Readonly<Record<string, { readonly why: string; readonly until: Date }>>;
}

/** By its key, an alias, or the id that a destination gave it. */
async function find({ deployments, ledger, sinks }: DeploymentDetailParts, name: string) {
  const found = await deployments.get(name);
  if (found) return found;
  const owners = await Promise.all(sinks.map((sink) => ledger.find(sink.name, name)));
  const owner = owners.find((key) => key !== undefined);
  return owner === undefined ? undefined : deployments.get(owner);
}

/** All details of one deployment. Undefined: there is no such deployment. */
export async function describeDeployment(parts: DeploymentDetailParts, name: string) {
  const { deployments, ledger, sinks } = parts;
  const routed = await find(parts, name);
  if (!routed) return undefined;
  const { deployment, trace, droppedBy } = routed;
  const reading = Promise.all([
    deployments.records(deployment.key),
    parts.related(deployment),
    Promise.all(
      sinks.map(async (sink) => {
        const delivery = toAnswer((await ledger.read(sink.name, deployment.key)) ?? { sink: sink.name, attempts: [] });
        const wants = wantedBy(sink, routed);
        const hold = wants.wanted && delivery.told?.state !== deployment.state ? parts.holds()[sink.name] : undefined;
        return { ...delivery, wants, ...(hold && { on_hold: { why: hold.why, until: hold.until.toISOString() } }) };
      }),
    ),
  ]);
  const [[records, related, deliveries], statusOf] = await Promise.all([reading, parts.running.statusOf(reading)]);
  const status = statusOf(deployment);
  return {
    change: toChange(deployment),
    deployment,
    ...(status && { running: toRunning(status) }),
    records,
    rules: trace,
    related,
    ...(droppedBy && { dropped_by: droppedBy }),
    deliveries,
  };
}

/** The API calls the delivered state `told`, as in 0.1.0. */
const toAnswer = ({ delivered, ...delivery }: Delivery) => ({ ...delivery, ...(delivered && { told: delivered }) });

export function toRunning({ isCurrent, next }: RunningStatus) {
  if (!next) return { is_current: isCurrent };
  const { key, changeType, actor, atMs } = next;
  const at = new Date(runsSinceMs(next) ?? atMs).toISOString();
  return { is_current: isCurrent, next: { deployment: key, change_type: changeType, at, changed_by: actor ?? null } };
}

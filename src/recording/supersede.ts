import { type ChangeRecord, recordId } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import { shortSha } from '../values/sha.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';

/**
 * Ends pending deployments that a newer deployment has overtaken, which no tool reports. They become canceled with the
 * reason `superseded`. If a tool reports another end later, that one wins.
 * @returns the deployments that were ended.
 */
export async function supersede(
  changeLog: Pick<ChangeLog, 'apply' | 'get'>,
  { deployment, neighbors, droppedBy }: AppliedChange,
): Promise<readonly DeploymentView[]> {
  if (droppedBy) return [];
  if (deployment.state === 'pending') return endedBy(changeLog, deployment, neighbors.followers);
  if (deployment.state !== 'succeeded') return [];
  const ended = neighbors.waiting.map(async (key) => {
    const view = await changeLog.get(key);
    return view ? endedBy(changeLog, view.deployment, [deployment.key]) : [];
  });
  return (await Promise.all(ended)).flat();
}

/** Ends it if one of the successors has overtaken it. */
async function endedBy(
  changeLog: Pick<ChangeLog, 'apply' | 'get'>,
  waiting: Deployment,
  successors: readonly string[],
): Promise<readonly DeploymentView[]> {
  for (const key of successors) {
    const successor = (await changeLog.get(key))?.deployment;
    if (successor && isOvertaken(waiting, successor)) return [await changeLog.apply(endOf(waiting, successor))];
  }
  return [];
}

/** A roll-back does not supersede a pending deployment, which is the next release. */
function isOvertaken(waiting: Deployment, successor: Deployment): boolean {
  if (waiting.state !== 'pending' || successor.state !== 'succeeded') return false;
  if (successor.changeType === 'rollback') return false;
  if (waiting.occurredAt >= (successor.startedAt ?? successor.occurredAt)) return false;
  const [older, newer] = [waiting.commit?.committedAt, successor.commit?.committedAt];
  return older === undefined || newer === undefined || older <= newer;
}

function endOf(waiting: Deployment, { key, occurredAt, receivedAt, commit }: Deployment): ChangeRecord {
  const what = commit?.sha ? shortSha(commit.sha) : 'a later deployment';
  return {
    id: recordId(waiting.key, 'canceled', 'superseded'),
    deployment: waiting.key,
    aliases: [],
    source: waiting.source,
    instance: waiting.instance,
    signal: 'succession',
    authoritative: false,
    state: 'canceled',
    endReason: 'superseded',
    changeType: waiting.changeType,
    environment: { name: 'unknown' },
    service: 'unknown',
    artifacts: [],
    paths: [],
    occurredAt,
    receivedAt: receivedAt > occurredAt ? receivedAt : occurredAt,
    tags: [],
    notes: [`Superseded while it waited: ${what} was deployed there (${key}).`],
  };
}

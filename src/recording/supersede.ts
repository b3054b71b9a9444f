import { type ChangeRecord, recordId } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import { shortSha } from '../values/sha.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';

/**
 * A deployment that waits for its turn is over when a newer one has taken its place: nobody reports that. It ends
 * canceled, as superseded; should a tool report another end later, that one counts.
 * @returns the deployments that have ended.
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

/** By the first of these that overtook it, if one did. */
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

/** Going back to an older commit overtakes nothing: what waits is the next release. */
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

import { type ChangeRecord, recordId } from '../domain/change-record.ts';
import { isFinal } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { ChangeLog } from './change-log.ts';

/** Both name their run, and it is not the same one. */
export async function isOtherRun(
  changeLog: Pick<ChangeLog, 'records'>,
  view: DeploymentView,
  record: ChangeRecord,
): Promise<boolean> {
  const isStart = isDatedStart(record) && view.deployment.occurredAt < record.occurredAt;
  if (record.base === undefined && !isStart) return false;
  const records = await changeLog.records(view.deployment.key);
  return records.some(({ base }) => base !== undefined) && !isRecovery(record, view, records);
}

/** It knows when it began, and not what is deployed: after the end of a run, it is the start of the next one. */
const isDatedStart = ({ state, base, periodic, doubts }: ChangeRecord): boolean =>
  !isFinal(state) && base === undefined && !periodic && doubts?.occurredAt === undefined;

/** It ended well, was reported as unhealthy by a signal that names no run, and is healthy again. */
function isRecovery(
  { state, runIsUncertain }: ChangeRecord,
  { deployment }: DeploymentView,
  records: readonly ChangeRecord[],
): boolean {
  if (!runIsUncertain || state !== 'succeeded' || deployment.succeededAt === undefined) return false;
  return records.some((one) => one.id === deployment.decidedBy && one.reportsHealth && one.base === undefined);
}

/** A request that is sent again, or overtakes another, arrives within seconds. */
export const REPEATED_WITHIN_MS = 60_000;

/**
 * A success with the time of the sync, as at its first report, long after a report of bad health: what is new in it is
 * that the service is healthy again, and the time of that is when it came in.
 */
export async function recoveryOf(
  changeLog: Pick<ChangeLog, 'get' | 'records'>,
  record: ChangeRecord,
): Promise<ChangeRecord | undefined> {
  if (record.state !== 'succeeded') return undefined;
  const view = await changeLog.get(record.deployment);
  if (view?.deployment.succeededAt === undefined || record.occurredAt > view.deployment.occurredAt) return undefined;
  const { key, decidedBy } = view.deployment;
  const decider = (await changeLog.records(key)).find(({ id }) => id === decidedBy);
  const isLater = Date.parse(record.receivedAt) - Date.parse(decider?.receivedAt ?? '') > REPEATED_WITHIN_MS;
  if (!decider?.reportsHealth || !isLater) return undefined;
  const { finishedAt, ...recovered } = record;
  const id = recordId(key, record.state, record.id, record.receivedAt);
  return { ...recovered, deployment: key, occurredAt: record.receivedAt, id };
}

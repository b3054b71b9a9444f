import type { ChangeRecord } from '../domain/change-record.ts';
import { fold } from '../domain/fold.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { ChangeLog } from './change-log.ts';

/** The key that its source gave it, before it was joined with the signals of another tool. */
export const postedKeyOf = ({ joinedFrom, deployment }: ChangeRecord): string => joinedFrom ?? deployment;

/**
 * State and time of a deployment as the posts with one key report them. Another tool that reports it may have a clock
 * of its own, or be hours late: whether a post repeats an earlier one depends on the posts alone.
 */
export async function asPosted(
  changeLog: Pick<ChangeLog, 'records'>,
  key: string,
  view: DeploymentView,
): Promise<DeploymentView> {
  if (view.deployment.signals.length === 1) return view;
  const records = await changeLog.records(view.deployment.key);
  const own = records.filter((record) => postedKeyOf(record) === key);
  if (own.length === 0 || own.length === records.length) return view;
  const { state, occurredAt } = fold(key, own);
  return { ...view, deployment: { ...view.deployment, state, occurredAt } };
}

/** The key of the posts of a deployment that has a name: another tool may have given the deployment its own. */
export async function postedNameOf(
  changeLog: Pick<ChangeLog, 'records'>,
  { deployment }: DeploymentView,
  name: string,
): Promise<string> {
  if (deployment.signals.length === 1) return deployment.key;
  const records = await changeLog.records(deployment.key);
  const own = records.find((record) => postedKeyOf(record) === name || record.aliases.includes(name));
  return own ? postedKeyOf(own) : deployment.key;
}

import type { ChangeRecord } from '../domain/change-record.ts';
import { isFinal, type Moment, RANK } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { ChangeLog } from './change-log.ts';
import { withoutAgain } from './repeat-key.ts';
import { REPEATED_WITHIN_MS } from './runs.ts';

/** Covers `curl --retry` and a job that is restarted after a short failure. A later post is a new deployment. */
export const RETRY_WINDOW_MS = 60 * 60_000;

export interface RecordMoment extends Moment {
  readonly isPeriodic: boolean;
}

/** A time after the receipt is replaced by the time of receipt (domain/fold-times.ts). */
export const momentOf = ({ state, occurredAt, receivedAt, periodic }: ChangeRecord): RecordMoment => ({
  isPeriodic: periodic === true,
  state,
  at: occurredAt < receivedAt ? occurredAt : receivedAt,
});

/** A job posts one end: a success and a failure are those of two attempts. An end that was only concluded is none. */
export function isOtherEnd(
  { endsOnce, state }: Pick<ChangeRecord, 'endsOnce' | 'state'>,
  known: Pick<ChangeRecord, 'state' | 'endReason'>,
): boolean {
  if (!endsOnce || !isFinal(state) || !isFinal(known.state) || known.endReason === 'superseded') return false;
  return (state === 'succeeded') !== (known.state === 'succeeded');
}

/** Whether what is reported of this moment may belong to a deployment: nothing else ran there in between. */
export async function isMomentOf(
  changeLog: Pick<ChangeLog, 'before'>,
  view: DeploymentView,
  { state, at, isPeriodic }: RecordMoment,
): Promise<boolean> {
  const then = view.deployment.occurredAt;
  const isLater = at > then;
  const further = RANK[state] - RANK[view.deployment.state];
  if (isLater ? further > 0 : further < 0) return true; // a later state of the same deployment, or an earlier one
  const [first, last] = isLater ? [then, at] : [at, then];
  if (!isPeriodic && Date.parse(last) - Date.parse(first) > RETRY_WINDOW_MS) return false;
  return (await ranBetween(changeLog, view, { first, last })) === undefined;
}

/**
 * The time of the first other deployment of this lineage that succeeded between two moments. The retry of the same job
 * is none where a post was sent again within seconds.
 */
export async function ranBetween(
  changeLog: Pick<ChangeLog, 'before'>,
  { lineage, deployment }: DeploymentView,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<string | undefined> {
  const newest = await changeLog.before(lineage, { at: last, limit: LOOKED_AT });
  const isSentAgain = Date.parse(last) - Date.parse(first) <= REPEATED_WITHIN_MS;
  const isOwn = (key: string) =>
    isSentAgain ? withoutAgain(key) === withoutAgain(deployment.key) : key === deployment.key;
  return newest.findLast(({ key, occurredAt }) => !isOwn(key) && occurredAt > first)?.occurredAt;
}

/** How many of the newest deployments of the place are searched for one that ran in between. */
const LOOKED_AT = 10;

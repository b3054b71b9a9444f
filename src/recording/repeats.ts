import { type ChangeRecord, digest, recordId } from '../domain/change-record.ts';
import { type Moment, RANK } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { LatestRepeats } from '../store/changes/latest-repeats.ts';
import type { ChangeLog } from './change-log.ts';

export interface RepeatParts {
  readonly latest: LatestRepeats;
  readonly changeLog: Pick<ChangeLog, 'get' | 'records' | 'before'>;
}

/** Tells the second deployment of the same commit from a second post of the same deployment. */
export interface Repeats {
  /** The record under the key of the deployment that it tells of: its own, or that of a later one in the same words. */
  assign(record: ChangeRecord): Promise<ChangeRecord>;
  /** Whether a post in these words, at this time, tells nothing new. */
  isRepeat(record: ChangeRecord): Promise<boolean>;
}

/** `curl --retry` and a job that runs again after a hiccup. What comes later was deployed again. */
const RETRY_WINDOW_MS = 60 * 60_000;

export function createRepeats({ latest, changeLog }: RepeatParts): Repeats {
  /** The last deployment in these words, as far as it is recorded. */
  const lastOf = async (key: string) => changeLog.get((await latest.get(key)) ?? key);
  /** Under which its webhook was recorded before: a job may run twice, and a webhook may be mapped again. */
  const knownName = async (record: ChangeRecord) => {
    for (const name of [record.deployment, nameOf(record)])
      if ((await changeLog.records(name)).some(({ webhook }) => webhook !== undefined && webhook === record.webhook))
        return name;
    return undefined;
  };
  return {
    async assign(record) {
      if (!record.repeatable) return record;
      const known = await knownName(record);
      if (known) return named(record, known);
      const last = await lastOf(record.deployment);
      if (!last) return record;
      const isAnother = isMomentOfAnother(last, momentOf(record), await ranBetween(changeLog, last, record));
      if (!isAnother) return named(record, (await latest.get(record.deployment)) ?? record.deployment);
      await latest.set(record.deployment, nameOf(record));
      return named(record, nameOf(record));
    },
    async isRepeat(record) {
      const last = record.repeatable && (await lastOf(record.deployment));
      if (!last || RANK[record.state] > RANK[last.deployment.state]) return false;
      return !isMomentOfAnother(last, momentOf(record), await ranBetween(changeLog, last, record));
    },
  };
}

/** Times ahead of the receipt count as the receipt (domain/fold.ts). */
const momentOf = ({ state, occurredAt, receivedAt }: ChangeRecord): Moment => ({
  state,
  at: occurredAt < receivedAt ? occurredAt : receivedAt,
});

/** Whether another deployment succeeded in its place after it was told, and before this was. */
async function ranBetween(
  changeLog: Pick<ChangeLog, 'before'>,
  { lineage, deployment }: DeploymentView,
  record: ChangeRecord,
): Promise<boolean> {
  const [newest] = await changeLog.before(lineage, { at: momentOf(record).at, limit: 1 });
  return newest !== undefined && newest.key !== deployment.key && newest.occurredAt > deployment.occurredAt;
}

function isMomentOfAnother({ deployment }: DeploymentView, { state, at }: Moment, ranBetween: boolean): boolean {
  if (at <= deployment.occurredAt) return false;
  if (RANK[state] > RANK[deployment.state]) return false; // it goes on
  return ranBetween || Date.parse(at) - Date.parse(deployment.occurredAt) > RETRY_WINDOW_MS;
}

function named(record: ChangeRecord, name: string): ChangeRecord {
  if (name === record.deployment) return record;
  return { ...record, deployment: name, id: recordId(name, record.state, record.id) };
}

/** Named by the webhook that told of it: done twice, it is the same. */
const nameOf = ({ deployment, webhook, receivedAt }: ChangeRecord): string =>
  `${deployment}/again/${digest(webhook ?? receivedAt).slice(0, 12)}`;

import type { ChangeRecord } from '../domain/change-record.ts';
import { fold } from '../domain/fold.ts';
import { groupBy } from '../values/group.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';
import { postedKeyOf } from './posts.ts';
import { asReported } from './repeat-key.ts';
import { momentOf, ranBetween } from './repeat-moment.ts';

export interface Separated {
  /** The record as its source reported it. */
  readonly record: ChangeRecord;
  /** The deployment that it is stored in now, and its id there. */
  readonly from: string;
  readonly id: string;
}

/** Finds repeats with another deployment in between: those of `view` itself, and those of the one before it. */
export async function separated(
  changeLog: Pick<ChangeLog, 'records' | 'before' | 'get'>,
  view: AppliedChange,
): Promise<readonly Separated[]> {
  const { deployment, earlier } = view;
  const previous = deployment.state === 'succeeded' ? earlier.find(({ key }) => key !== deployment.key) : undefined;
  const isOvertaken = previous?.repeatedUntil !== undefined && previous.repeatedUntil > deployment.occurredAt;
  const keys = [deployment.repeatedUntil && deployment.key, isOvertaken && previous.key].filter(
    (key) => typeof key === 'string',
  );
  return (await Promise.all(keys.map((key) => separatedOf(changeLog, key)))).flat();
}

async function separatedOf(
  changeLog: Pick<ChangeLog, 'records' | 'before' | 'get'>,
  key: string,
): Promise<readonly Separated[]> {
  const view = await changeLog.get(key);
  if (view?.deployment.repeatedUntil === undefined) return [];
  const records = await changeLog.records(key);
  const posts = groupBy(
    records.filter(({ repeatable, base }) => repeatable && base === undefined),
    postedKeyOf,
  );
  const found = [...posts.values()].map(async (own): Promise<readonly Separated[]> => {
    const { occurredAt: first, repeatedUntil: last } = fold(key, own);
    const between = last === undefined ? undefined : await ranBetween(changeLog, view, { first, last });
    if (between === undefined) return [];
    return own
      .filter((record) => momentOf(record).at > between)
      .toSorted((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1))
      .map((record) => ({ record: asReported(record), from: key, id: record.id }));
  });
  return (await Promise.all(found)).flat();
}

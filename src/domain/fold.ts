import type { ChangeRecord } from './change-record.ts';
import { byDecision, compare, decisiveOf } from './decisive.ts';
import { type Deployment, isFinal } from './deployment.ts';
import { textsOf } from './fold-texts.ts';
import { clamped, timesOf } from './fold-times.ts';
import { mergeRecords } from './merge-records.ts';

/**
 * Folds the records of one deployment. A pure function of the set: the order in which the records arrived, and how
 * often, makes no difference.
 * @throws RangeError when there is no record: a deployment without records does not exist.
 */
export function fold(key: string, given: readonly ChangeRecord[]): Deployment {
  const records = withReportsRankedLower(withoutLateTrouble(given).map(clamped));
  const decisive = decisiveOf(records);
  if (!decisive) throw new RangeError(`deployment ${key} has no records`);
  const { decider, isPart } = decisive;
  const trusted = records.toSorted(byAuthority);
  const merged = trusted.reduce(mergeRecords);
  const times = timesOf(records, decisive);
  return {
    key,
    ...withoutStep(merged),
    state: decider.state,
    ...(isPart && decider.job && { job: decider.job }),
    ...(isPart && decider.jobUrl && { jobUrl: decider.jobUrl }),
    ...(decider.endReason && { endReason: decider.endReason }),
    ...times,
    ...textsOf(trusted, decider, { ...merged, occurredAt: times.occurredAt }),
    decidedBy: decider.id,
    signals: [...new Set(records.map((record) => record.signal))].sort(),
    sources: sourcesOf(records),
  };
}

/**
 * The fields that a deployment takes over from its records: all but those that describe one step, or are computed
 * from all of them.
 */
function withoutStep(merged: ChangeRecord) {
  const {
    id: _,
    deployment,
    aliases,
    occurrence,
    signal,
    authoritative,
    rejected,
    history,
    webhook,
    witness,
    joinedFrom,
    stage,
    repeatable,
    periodic,
    repeated,
    base,
    runIsUncertain,
    endsOnce,
    app,
    baseOfStart,
    reportsHealth,
    doubts,
    endReason,
    summary,
    description,
    waiting,
    notes,
    startedAt,
    finishedAt,
    ...rest
  } = merged;
  return rest;
}

/**
 * A failure that begins this long after a deployment ended is no failure of it; where it never ended, it is the end.
 */
function withoutLateTrouble(records: readonly ChangeRecord[]): readonly ChangeRecord[] {
  const isLate = ({ state, history }: ChangeRecord) => state === 'failed' && history?.late === true;
  const hasEnd = records.some((record) => isFinal(record.state) && !isLate(record) && record.endReason === undefined);
  return hasEnd ? records.filter((record) => !isLate(record)) : records;
}

/** What a job reports of itself is less reliable than what the tool reports that ran it. */
function withReportsRankedLower(records: readonly ChangeRecord[]): readonly ChangeRecord[] {
  const isWitnessed = records.some(({ witness }) => witness === 'job' || witness === 'sync');
  if (!isWitnessed) return records;
  return records.map((record) => (record.witness === 'report' ? { ...record, authoritative: false } : record));
}

/** Least trusted first: later records overwrite earlier ones. */
function byAuthority(a: ChangeRecord, b: ChangeRecord): number {
  const isReport = ({ witness }: ChangeRecord) => Number(witness === 'report');
  return Number(a.authoritative) - Number(b.authoritative) || isReport(b) - isReport(a) || byDecision(a, b);
}

function sourcesOf(records: readonly ChangeRecord[]): string[] {
  const inOrder = records.toSorted((a, b) => compare(a.receivedAt, b.receivedAt) || compare(a.id, b.id));
  return [...new Set(inOrder.map(({ source }) => source))];
}

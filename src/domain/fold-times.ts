import { SECOND_MS } from '../values/units.ts';
import type { ChangeRecord, State } from './change-record.ts';
import type { Decisive } from './decisive.ts';
import { isFinal } from './deployment.ts';

/** When a deployment happened, began and ended, by all of its records. */
export function timesOf(records: readonly ChangeRecord[], { decider, run, isPart }: Decisive) {
  const began = startOf(records, decider.occurredAt);
  const succeededAt = isPart ? undefined : successBefore(records, decider);
  const ended = succeededAt === undefined ? undefined : endOf([], records, 'succeeded');
  const ownEnd = isFinal(decider.state) ? (decider.finishedAt ?? endOf(run, records, decider.state)) : undefined;
  const reported = ownEnd ?? ended;
  const occurredAt = decider.doubts?.occurredAt === undefined ? decider.occurredAt : (reported ?? decider.occurredAt);
  const finished = reported ?? reportedEnd({ ...decider, occurredAt: succeededAt ?? decider.occurredAt }, began);
  return {
    occurredAt,
    receivedAt: earliest(records.map((record) => record.receivedAt)) ?? decider.receivedAt,
    ...repeatedUntil(records, decider.occurredAt),
    ...spanOf(began, finished),
    ...(succeededAt && { succeededAt }),
  };
}

const AHEAD = "The sender's clock is ahead: times after a signal's receipt are set to that receipt.";
/** Clocks always differ a little; only misleading differences are noted. */
const AHEAD_NOTED_MS = 60_000;

/** Nothing happened after it was reported. A clock that is ahead must not decide what came last. */
export function clamped(record: ChangeRecord): ChangeRecord {
  const { occurredAt, startedAt, finishedAt, receivedAt, notes } = record;
  const newest = [occurredAt, startedAt, finishedAt].reduce<string>((a, b) => (b && b > a ? b : a), receivedAt);
  if (newest === receivedAt) return record;
  const isNoted = Date.parse(newest) - Date.parse(receivedAt) > AHEAD_NOTED_MS;
  const past = (time: string) => (time > receivedAt ? receivedAt : time);
  return {
    ...record,
    occurredAt: past(occurredAt),
    ...(startedAt && { startedAt: past(startedAt) }),
    ...(finishedAt && { finishedAt: past(finishedAt) }),
    ...(isNoted && { notes: [...notes, AHEAD] }),
  };
}

/** The start that a tool reported, else the first report that it runs. */
function startOf(records: readonly ChangeRecord[], decidedAt: string): string | undefined {
  const running = sameState(records, 'running').map(({ occurredAt }) => occurredAt);
  const reported = earliest(records.map((record) => record.startedAt));
  return reported ?? earliest(running.filter((time) => time <= decidedAt));
}

/**
 * What one tool says of the start does not fit the end that another one reports: a sync that a job caused may begin
 * after the job has ended. Times in whole seconds may differ by less than one.
 */
function spanOf(start: string | undefined, end: string | undefined): { startedAt?: string; finishedAt?: string } {
  if (!start || !end || start <= end) return { ...(start && { startedAt: start }), ...(end && { finishedAt: end }) };
  return Date.parse(start) - Date.parse(end) < SECOND_MS ? { startedAt: end, finishedAt: end } : { finishedAt: end };
}

/** It succeeded, and failed afterwards: the next deployment replaces it. */
function successBefore(records: readonly ChangeRecord[], decider: ChangeRecord): string | undefined {
  if (decider.state !== 'failed') return undefined;
  const successes = sameState(records, 'succeeded').filter(
    ({ authoritative, stage }) => authoritative === decider.authoritative && stage?.part === undefined,
  );
  return earliest(successes.flatMap(({ occurredAt }) => (occurredAt <= decider.occurredAt ? [occurredAt] : [])));
}

/** A record that repeats it may turn out to report another deployment, once it is known what ran in between. */
function repeatedUntil(records: readonly ChangeRecord[], decidedAt: string): { repeatedUntil?: string } {
  const last = latest(
    records.map(({ repeatable, periodic, base, occurredAt }) =>
      repeatable && !periodic && base === undefined ? occurredAt : undefined,
    ),
  );
  return last !== undefined && last > decidedAt ? { repeatedUntil: last } : {};
}

/**
 * The end of a deployment whose start is known is the time of its final state, unless a record has a better one. One
 * that never ran has none.
 */
function reportedEnd({ state, endReason, occurredAt }: ChangeRecord, started: string | undefined): string | undefined {
  const isEnd = isFinal(state) && state !== 'canceled' && endReason === undefined;
  return isEnd && started !== undefined && started < occurredAt ? occurredAt : undefined;
}

/** Another signal may know the end that the deciding one leaves open. */
function endOf(run: readonly ChangeRecord[], records: readonly ChangeRecord[], state: State): string | undefined {
  const inRun = earliest(run.map((record) => record.finishedAt));
  return inRun ?? latest(sameState(records, state).map((record) => record.finishedAt));
}

const sameState = (records: readonly ChangeRecord[], state: State) =>
  records.filter((record) => record.state === state);

const earliest = (times: readonly (string | undefined)[]) =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(0);
const latest = (times: readonly (string | undefined)[]) =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);

import { groupBy } from '../values/group.ts';
import type { ChangeRecord, State } from './change-record.ts';
import { isFinal, RANK } from './deployment.ts';

/** Which record decides the state of a deployment. */
export interface Decisive {
  readonly decider: ChangeRecord;
  /** The record and those that repeat it. */
  readonly run: readonly ChangeRecord[];
  /** It is about one of several parts. */
  readonly isPart: boolean;
}

/**
 * The last of the most reliable records decides the state; the first that said so decides since when: a repeat moves no
 * time.
 */
export function decisiveOf(records: readonly ChangeRecord[]): Decisive | undefined {
  const parts = groupBy(
    records.filter(({ stage }) => stage?.part !== undefined),
    ({ stage }) => stage?.part ?? '',
  );
  return parts.size > 1 ? ofParts([...parts.values()], records) : ofOne(records);
}

/** An end that was inferred, because a later deployment replaced it, counts less than one that was reported. */
const CONCLUDED = 1.5;
const rankOf = ({ state, endReason }: ChangeRecord): number => (endReason === 'superseded' ? CONCLUDED : RANK[state]);

function ofOne(records: readonly ChangeRecord[]): Decisive | undefined {
  const last = records.toSorted(byDecision).at(-1);
  if (!last) return undefined;
  const alone = (decider: ChangeRecord): Decisive => ({ decider, run: [decider], isPart: false });
  const never = isFinal(last.state) && neverRan(records);
  if (never) return alone(never);
  const rejection = isFinal(last.state) && records.find(({ rejected }) => rejected);
  if (rejection) return alone(rejection);
  const peers = records
    .filter((record) => rankOf(record) === rankOf(last) && record.authoritative === last.authoritative)
    .toSorted(byDecision);
  const run = peers.slice(peers.findLastIndex(({ state }) => state !== last.state) + 1);
  return { decider: run.find(({ occurredAt }) => occurredAt < last.occurredAt) ?? last, run, isPart: false };
}

/** A job that ended before it began has deployed nothing, whatever another signal says of its end. */
function neverRan(records: readonly ChangeRecord[]): ChangeRecord | undefined {
  const hasRun = records.some(({ state }) => state === 'running' || state === 'succeeded');
  return hasRun
    ? undefined
    : records
        .filter(({ endReason }) => endReason === 'never_ran')
        .toSorted(byDecision)
        .at(0);
}

/**
 * Several steps carry out one deployment: it has failed when one of them failed, runs while one of them does, and has
 * succeeded with the last. Only the tool's report about the whole is more reliable.
 */
function ofParts(parts: readonly (readonly ChangeRecord[])[], records: readonly ChangeRecord[]): Decisive | undefined {
  const whole = ofOne(records.filter(({ stage, authoritative }) => stage?.part === undefined && authoritative));
  if (whole && isFinal(whole.decider.state)) return whole;
  const deciders = parts
    .flatMap((part) => ofOne(part)?.decider ?? [])
    .toSorted((a, b) => compare(a.occurredAt, b.occurredAt) || compare(a.id, b.id));
  const unfinished = deciders.filter(({ state }) => !isFinal(state));
  const decider =
    deciders.find(({ state }) => state === 'failed') ??
    deciders.find(({ state }) => state === 'canceled') ??
    unfinished.toSorted(byDecision).at(-1) ??
    deciders.at(-1);
  return decider && { decider, run: [decider], isPart: true };
}

/**
 * Of two ends at the same moment: many tools report times in whole seconds, or the time at which they sent it. A
 * failure must not be hidden by the success that it followed.
 */
const GRAVITY: Readonly<Record<State, number>> = { pending: 0, running: 0, succeeded: 0, canceled: 1, failed: 2 };

/**
 * Lowest first: the last one decides. The last ties are broken by id, so that every order of arrival gives the same
 * result.
 */
export function byDecision(a: ChangeRecord, b: ChangeRecord): number {
  return (
    rankOf(a) - rankOf(b) ||
    Number(a.authoritative) - Number(b.authoritative) ||
    compare(a.occurredAt, b.occurredAt) ||
    GRAVITY[a.state] - GRAVITY[b.state] ||
    compare(a.id, b.id)
  );
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

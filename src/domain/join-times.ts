import { MINUTE_MS } from '../values/units.ts';
import type { Member } from './join-member.ts';

/** A job posts while it runs; clocks and queues differ. */
export const REPORT_WINDOW_MS = 6 * 60 * MINUTE_MS;
/** A controller polls for new commits every few minutes, and may wait for others. */
const SYNC_WINDOW_MS = 2 * 60 * MINUTE_MS;
/** The controller and the forge have different clocks. */
const SYNC_EARLY_MS = 5 * MINUTE_MS;
/** The last signals of a job arrive shortly after its end. */
const AFTER_END_MS = 2 * MINUTE_MS;
/** The usual time limit of a job (docs/joins.md): without news of its end, it may run for as long. */
const JOB_LIMIT_MS = 60 * MINUTE_MS;
/** Of a runner and of the forge. */
const CLOCKS_MS = 10_000;
/** Two jobs whose ends alone are known may have run at the same time if these are no further apart. */
const USUAL_JOB_MS = 5 * MINUTE_MS;

/** A sync, and what may have caused it. */
export interface Link {
  readonly sync: Member;
  readonly cause: Member;
}

/** A cause whose start is not known may have begun long before: a job posts when it has waited for the sync. */
export function isCausedInTime({ sync, cause }: Link): boolean {
  const earlyMs = cause.witness === 'job' && cause.startKnown ? SYNC_EARLY_MS : JOB_LIMIT_MS;
  return sync.fromMs >= cause.fromMs - earlyMs && sync.fromMs <= (cause.toMs ?? cause.fromMs) + SYNC_WINDOW_MS;
}

/** The shortest time between the two first, and among equals the first sync. */
export const byGap = (a: Link, b: Link): number =>
  gapMs(a) - gapMs(b) || a.sync.fromMs - b.sync.fromMs || compareKeys(a, b);

/** From the end of the cause to the start of the sync, or from that to the start of the cause. */
const gapMs = ({ sync: { fromMs }, cause }: Link): number => Math.max(0, fromMs - endMs(cause), cause.fromMs - fromMs);

const keysOf = ({ sync, cause }: Link): string => `${sync.key}\n${cause.key}`;
const compareKeys = (a: Link, b: Link): number => (keysOf(a) < keysOf(b) ? -1 : 1);

export const ranTogether = (a: Member, b: Member): boolean => beginMs(a) < endMs(b) && beginMs(b) < endMs(a);

const beginMs = ({ witness, startKnown, fromMs }: Member): number =>
  witness === 'report' || startKnown ? fromMs : fromMs - USUAL_JOB_MS;

/** A job's own post about an end comes before the job has ended. */
export const cameWhileItRan = (post: Member, { toMs }: Member): boolean =>
  toMs === undefined || (post.toMs ?? post.fromMs) <= toMs + CLOCKS_MS;

/** A job begins before its post about its end comes. */
export const hadBegun = (a: Member, b: Member): boolean => {
  const [post, job] = a.witness === 'report' ? [a, b] : [b, a];
  return !job.startKnown || post.toMs === undefined || job.fromMs <= post.toMs;
};

/** The one whose span is the nearest to the moment at which a post first came. */
export const nearestTo = (post: Member, jobs: readonly Member[]): Member | undefined => {
  const gapOf = (job: Member) => distanceMs(job, { ...post, toMs: post.fromMs });
  return jobs.toSorted((a, b) => gapOf(a) - gapOf(b) || (a.key < b.key ? -1 : 1))[0];
};

/** Without the time in which the last signals of a job arrive. */
const endMs = ({ witness, endedBy, toMs, fromMs }: Member): number =>
  toMs ?? fromMs + (witness === 'job' && endedBy === undefined ? JOB_LIMIT_MS : 0);

/** The time between the two spans; 0 where they overlap. */
export const distanceMs = (a: Member, b: Member): number =>
  Math.max(0, a.fromMs - (b.toMs ?? b.fromMs), b.fromMs - (a.toMs ?? a.fromMs));

export const overlap = (a: Member, b: Member): boolean => a.fromMs <= lastMs(b) && b.fromMs <= lastMs(a);

function lastMs({ witness, endedBy, toMs, fromMs }: Member): number {
  if (toMs !== undefined) return toMs + AFTER_END_MS;
  return fromMs + (witness === 'job' && endedBy === undefined ? JOB_LIMIT_MS : AFTER_END_MS);
}

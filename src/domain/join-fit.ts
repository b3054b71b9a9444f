import type { Member } from './join-member.ts';
import { cameWhileItRan, distanceMs, isCausedInTime, type Link, overlap, REPORT_WINDOW_MS } from './join-times.ts';

export interface JoinOptions {
  /** Whether signals of these two configured sources may become one deployment. */
  readonly mayJoin: (one: string, other: string) => boolean;
}

/**
 * True where nothing that is known of the two contradicts that they report one deployment, and something ties them
 * together.
 */
export function fits(a: Member, b: Member, { mayJoin }: JoinOptions): boolean {
  if (!mayJoin(a.instance, b.instance) || !isSameRepository(a, b)) return false;
  const isSync = a.witness === 'sync' || b.witness === 'sync';
  if (isSync) return isSameCommit(a, b) && isSame(a, b, 'environment') && isCausedInTime(linkOf(a, b));
  if (ALIKE.some((field) => differs(a, b, field)) || isOtherPipeline(a, b)) return false;
  if (isSame(a, b, 'jobId')) return true;
  if (areTwoAttempts(a, b)) return false;
  if (isSame(a, b, 'pipeline') || isPartOf(a, b)) return true;
  return (isSameCommit(a, b) && distanceMs(a, b) <= REPORT_WINDOW_MS) || isPostedMeanwhile(a, b);
}

const linkOf = (a: Member, b: Member): Link => (a.witness === 'sync' ? { sync: a, cause: b } : { sync: b, cause: a });

/** A post that names neither run nor commit, from an environment to which a job deploys at that very time. */
function isPostedMeanwhile(a: Member, b: Member): boolean {
  const [report, job] = a.witness === 'report' ? [a, b] : [b, a];
  if (report.witness !== 'report' || job.witness !== 'job' || !isSame(a, b, 'environment')) return false;
  const saysWhich = report.commit !== undefined || report.pipeline !== undefined || report.jobId !== undefined;
  return !saysWhich && overlap(report, job);
}

/** The last one: what is retried has failed before. */
export const endOf = ({ endedWell, endedBadly }: Member): 'well' | 'badly' | undefined =>
  endedWell ? 'well' : endedBadly && 'badly';

/**
 * A post of a job and something else, of which one ended well and the other did not. But a job may fail after its own
 * post about a success.
 */
function areTwoAttempts(a: Member, b: Member): boolean {
  const [one, other] = [endOf(a), endOf(b)];
  if (one === undefined || other === undefined || one === other) return false;
  if ([a, b].some(({ witness, endsOnce }) => witness === 'report' && !endsOnce)) return false;
  const [report, job] = a.witness === 'report' ? [a, b] : [b, a];
  return job.witness !== 'job' || endOf(job) === 'well' || !cameWhileItRan(report, job);
}

/** A post may come from the pipeline that started the one with the job, and waits for it. */
const isPartOf = (a: Member, b: Member): boolean =>
  (a.parent !== undefined && a.parent === b.pipeline) || (b.parent !== undefined && b.parent === a.pipeline);
const isOtherPipeline = (a: Member, b: Member): boolean => differs(a, b, 'pipeline') && !isPartOf(a, b);

const ALIKE = ['environment', 'commit', 'jobId', 'job', 'service'] as const;
type Field = (typeof ALIKE)[number] | 'pipeline';

const isSame = (a: Member, b: Member, field: Field): boolean => a[field] !== undefined && a[field] === b[field];
export const differs = (a: Member, b: Member, field: Field): boolean =>
  a[field] !== undefined && b[field] !== undefined && a[field] !== b[field];
const isSameCommit = (a: Member, b: Member): boolean => isSame(a, b, 'commit');

/** A post may name a project without the host and the path under which the forge runs. */
function isSameRepository(a: Member, b: Member): boolean {
  if (a.host !== undefined && b.host !== undefined) return a.host === b.host && a.path === b.path;
  return a.path === b.path || a.path.endsWith(`/${b.path}`) || b.path.endsWith(`/${a.path}`);
}

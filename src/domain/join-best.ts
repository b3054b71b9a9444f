import { differs, endOf } from './join-fit.ts';
import type { Member } from './join-member.ts';
import { hadBegun, nearestTo, overlap, ranTogether } from './join-times.ts';

/** What has been joined with a key so far has the same root. */
export type RootOf = (key: string) => string;

/**
 * The only candidate that has more in common with a member than the others; among equals, the one that ran at that
 * time, or that ended as the member did. Of several attempts that failed one after the other, the nearest.
 */
export function uniqueBest(candidates: readonly Member[], member: Member, rootOf: RootOf): Member | undefined {
  const areOne = (some: readonly Member[]) => new Set(some.map(({ key }) => rootOf(key))).size === 1;
  const most = Math.max(...candidates.map((candidate) => agreementOf(candidate, member)));
  const equal = candidates.filter((candidate) => agreementOf(candidate, member) === most);
  const ofItsPipeline = equal.filter((candidate) => !differs(candidate, member, 'pipeline'));
  const best = ofItsPipeline.length > 0 ? ofItsPipeline : equal;
  if (areOne(best)) return best[0];
  const atThatTime = best.filter((candidate) => overlap(candidate, member));
  const likely = atThatTime.length > 0 ? atThatTime : best;
  if (areOne(likely)) return likely[0];
  const alike = likely.filter((candidate) => endOf(member) !== undefined && endOf(candidate) === endOf(member));
  if (areOne(alike)) return alike[0];
  const begun = likely.filter((candidate) => hadBegun(candidate, member));
  if (areOne(begun)) return begun[0];
  return member.witness === 'report' && areAttempts(alike) ? nearestTo(member, alike) : undefined;
}

/** Retries of one job, of which each began when the one before had ended. */
const areAttempts = (jobs: readonly Member[]): boolean =>
  jobs.every((a) => jobs.every((b) => a === b || (!ranTogether(a, b) && !differs(a, b, 'job'))));

/** What distinguishes the jobs of a pipeline, the most reliable first. */
function agreementOf(a: Member, b: Member): number {
  if (a.jobId !== undefined && a.jobId === b.jobId) return 3;
  if (a.job !== undefined && a.job === b.job) return 2;
  if (a.service !== undefined && a.service === b.service) return 2;
  return namesService(a.job, b) || namesService(b.job, a) ? 1 : 0;
}

type Named = Pick<Member, 'service' | 'namesake'>;

/** The job, or the post, is about the service that an application is. */
export const isOfApp = ({ job, service, namesake }: Member, { appService }: Member): boolean =>
  appService !== undefined &&
  (service === appService || namesake === appService || namesService(job, { service: appService }));

/** The job `deploy-cart` deploys cart, and so the service with the id `svc_cart`. */
function namesService(job: string | undefined, { service: own, namesake }: Named): boolean {
  const service = own ?? namesake;
  if (job === undefined || service === undefined) return false;
  const [jobWords, serviceWords] = [` ${plain(job)} `, plain(service).replace(/^(?:svc|service|srv) /, '')];
  return serviceWords !== '' && jobWords.includes(` ${serviceWords} `);
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join(' ');

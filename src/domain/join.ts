import { groupBy } from '../values/group.ts';
import type { Witness } from './change-record.ts';
import type { Member } from './join-member.ts';
import { byGap, distanceMs, isCausedInTime, type Link, overlap, REPORT_WINDOW_MS, ranTogether } from './join-times.ts';

export interface JoinOptions {
  /** Whether signals of these two configured sources may become one deployment. */
  readonly mayJoin: (one: string, other: string) => boolean;
}

/**
 * Which members report one deployment: each member's key → the key of the deployment. Only what is unambiguous is
 * joined. A pure function of the set: neither the order of the array nor how often it is asked makes a difference.
 */
export function joined(given: readonly Member[], options: JoinOptions): ReadonlyMap<string, string> {
  const members = given.filter(({ join }) => join !== false).toSorted((a, b) => a.order - b.order);
  const unions = new Unions(given.map(({ key }) => key));
  const free = members.filter(({ join }) => join === undefined);
  const of = (witness: Witness) => free.filter((member) => member.witness === witness);
  joinByRule(members, unions);
  joinStages(free, unions);
  for (const [report, job] of reportsOfJobs(of('report'), of('job'), { unions, options }))
    unions.join(report.key, job.key);
  for (const [one, other] of reportsOfOneAnother(of('report'), unions, options)) unions.join(one.key, other.key);
  for (const [sync, other] of syncsOf(of('sync'), free, { unions, options })) unions.join(sync.key, other.key);
  const first = new Map<string, string>();
  for (const { key } of given.toSorted((a, b) => a.order - b.order)) {
    const root = unions.rootOf(key);
    if (!first.has(root)) first.set(root, key);
  }
  return new Map(given.map(({ key }) => [key, first.get(unions.rootOf(key)) ?? key]));
}

/**
 * What two members have in common (at least one of these) when they are joined or related: members that no chain of
 * ties connects do not affect each other.
 */
export function tiesOf(member: Omit<Member, 'order'>): readonly string[] {
  const { commit, pipeline, jobId, join, instance, path, stage } = member;
  return [
    ...(commit ? [`commit ${commit}`] : []),
    ...(pipeline ? [`pipeline ${pipeline}`] : []),
    ...(jobId ? [`job ${jobId}`] : []),
    ...(join ? [`rule ${join}`] : []),
    ...(stage ? [`stage ${instance}\n${path}\n${stage}`] : []),
  ];
}

/** Members that may report the same deployment as this one, though it is not certain enough to join them. */
export function related(key: string, given: readonly Member[], options: JoinOptions): readonly string[] {
  const plan = joined(given, options);
  const own = given.filter((member) => plan.get(member.key) === plan.get(key));
  const others = given.filter((member) => plan.get(member.key) !== plan.get(key));
  const near = others.filter((other) => own.some((one) => one.witness !== other.witness && fits(one, other, options)));
  const inOrder = near.toSorted((a, b) => a.order - b.order);
  return [...new Set(inOrder.flatMap((member) => plan.get(member.key) ?? []))];
}

/** Disjoint sets of keys, united pair by pair. */
class Unions {
  readonly #parent: Map<string, string>;
  constructor(keys: readonly string[]) {
    this.#parent = new Map(keys.map((key) => [key, key]));
  }
  rootOf(key: string): string {
    let root = key;
    for (let next = this.#parent.get(root); next !== undefined && next !== root; next = this.#parent.get(root))
      root = next;
    return root;
  }
  join(one: string, other: string): void {
    this.#parent.set(this.rootOf(one), this.rootOf(other));
  }
}

function joinByRule(members: readonly Member[], unions: Unions): void {
  const first = new Map<string, string>();
  for (const { key, join } of members) {
    if (typeof join !== 'string') continue;
    const same = first.get(join);
    if (same === undefined) first.set(join, key);
    else unions.join(key, same);
  }
}

/** The steps of a stage, and the one signal that reports the whole of it. */
function joinStages(members: readonly Member[], unions: Unions): void {
  const stages = groupBy(
    members.filter(({ stage }) => stage !== undefined),
    ({ instance, path, stage }) => `${instance}\n${path}\n${stage}`,
  );
  for (const stage of stages.values()) {
    const parts = stage.filter(({ isPart }) => isPart);
    const wholes = stage.filter(({ isPart }) => !isPart);
    const [first, ...others] = [...parts, ...(wholes.length === 1 ? wholes : [])];
    for (const other of others) unions.join(other.key, first?.key ?? other.key);
  }
}

type Pair = readonly [Member, Member];

interface Known {
  readonly unions: Unions;
  readonly options: JoinOptions;
}

/** Each report belongs to the one job that matches it best, and no two reports of one source to the same job. */
function reportsOfJobs(reports: readonly Member[], jobs: readonly Member[], known: Known): readonly Pair[] {
  const { unions, options } = known;
  const pairs = reports.flatMap((report): Pair[] => {
    const candidates = jobs.filter((candidate) => fits(report, candidate, options));
    const job = uniqueBest(candidates, report, unions);
    return job ? [[report, job]] : [];
  });
  return pairs.filter(([report, job]) => {
    const root = unions.rootOf(job.key);
    const rivals = pairs.filter(([other, its]) => unions.rootOf(its.key) === root && isOfSameSender(other, report));
    const reportsOfJob = rivals.map(([rival]) => rival);
    return uniqueBest(reportsOfJob, job, unions) === report;
  });
}

/** An earlier release did not store the signal. */
const isOtherSignal = (a: Member, b: Member): boolean =>
  a.signal !== undefined && b.signal !== undefined && a.signal !== b.signal;
const isOfSameSender = (a: Member, b: Member): boolean => a.instance === b.instance && !isOtherSignal(a, b);

/** Posts of several tools about one job, one of each, where the forge itself reports nothing. */
function reportsOfOneAnother(reports: readonly Member[], unions: Unions, options: JoinOptions): readonly Pair[] {
  const alone = reports.filter(({ key }) => unions.rootOf(key) === key);
  const isOtherTool = (a: Member, b: Member) => a.source !== b.source || isOtherSignal(a, b);
  const groupOf = (one: Member) =>
    alone.filter((other) => other === one || (isOtherTool(other, one) && fits(one, other, options)));
  return alone.flatMap((one): Pair[] => {
    const group = groupOf(one);
    const isClear = group.every((other) => isSameSet(groupOf(other), group));
    const [first] = group;
    return first && first !== one && isClear ? [[first, one]] : [];
  });
}

const isSameSet = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length && a.every((member) => b.includes(member));

/**
 * A sync and what caused it. Several causes, or several syncs of one application, are distinguished by time; syncs of
 * several applications with the same cause are not joined.
 */
function syncsOf(syncs: readonly Member[], members: readonly Member[], { unions, options }: Known): readonly Pair[] {
  const causes = members.filter(({ witness }) => witness !== 'sync');
  if (causes.length === 0) return [];
  const rootOf = ({ key }: Member) => unions.rootOf(key);
  const found = syncs.map((sync) => {
    const fitting = causes.filter((cause) => fits(sync, cause, options)).map((cause) => ({ sync, cause }));
    return { sync, roots: new Set(fitting.map(({ cause }) => rootOf(cause))), link: nearestOf(fitting, rootOf) };
  });
  return found.flatMap(({ sync, link }): Pair[] => {
    if (!link) return [];
    const root = rootOf(link.cause);
    const rivals = found.filter((other) => other.sync !== sync && other.roots.has(root));
    const isNearest = rivals.every((rival) => {
      if (!isSameApp(sync, rival.sync)) return false;
      return !rival.link || rootOf(rival.link.cause) !== root || byGap(link, rival.link) < 0;
    });
    return isNearest ? [[sync, link.cause]] : [];
  });
}

/** The nearest in time, unless its cause ran at the same time as another one. */
function nearestOf(links: readonly Link[], rootOf: (member: Member) => string): Link | undefined {
  const [nearest, ...others] = links.toSorted(byGap);
  if (!nearest) return undefined;
  const rivals = others.filter(({ cause }) => rootOf(cause) !== rootOf(nearest.cause));
  return rivals.some(({ cause }) => ranTogether(nearest.cause, cause)) ? undefined : nearest;
}

const linkOf = (a: Member, b: Member): Link => (a.witness === 'sync' ? { sync: a, cause: b } : { sync: b, cause: a });

const isSameApp = (a: Member, b: Member): boolean =>
  a.app !== undefined && a.app === b.app && a.instance === b.instance;

/**
 * The only candidate that has more in common with a member than the others; among equals, the one that ran at that
 * time, or that ended as the member did.
 */
function uniqueBest(candidates: readonly Member[], member: Member, unions: Unions): Member | undefined {
  const areOne = (some: readonly Member[]) => new Set(some.map(({ key }) => unions.rootOf(key))).size === 1;
  const most = Math.max(...candidates.map((candidate) => agreementOf(candidate, member)));
  const best = candidates.filter((candidate) => agreementOf(candidate, member) === most);
  if (areOne(best)) return best[0];
  const atThatTime = best.filter((candidate) => overlap(candidate, member));
  if (areOne(atThatTime)) return atThatTime[0];
  const likely = atThatTime.length > 0 ? atThatTime : best;
  const alike = likely.filter((candidate) => endOf(member) !== undefined && endOf(candidate) === endOf(member));
  return areOne(alike) ? alike[0] : undefined;
}

/** The last one: what is retried has failed before. */
const endOf = ({ endedWell, endedBadly }: Member): 'well' | 'badly' | undefined =>
  endedWell ? 'well' : endedBadly && 'badly';

/** What distinguishes the jobs of a pipeline, the most reliable first. */
function agreementOf(a: Member, b: Member): number {
  if (a.jobId !== undefined && a.jobId === b.jobId) return 3;
  if (a.job !== undefined && a.job === b.job) return 2;
  if (a.service !== undefined && a.service === b.service) return 2;
  return namesService(a.job, b.service) || namesService(b.job, a.service) ? 1 : 0;
}

/** The job `deploy-cart` deploys cart, and so the service with the id `svc_cart`. */
function namesService(job: string | undefined, service: string | undefined): boolean {
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

/**
 * True where nothing that is known of the two contradicts that they report one deployment, and something ties them
 * together.
 */
function fits(a: Member, b: Member, { mayJoin }: JoinOptions): boolean {
  if (!mayJoin(a.instance, b.instance) || !isSameRepository(a, b)) return false;
  const isSync = a.witness === 'sync' || b.witness === 'sync';
  if (isSync) return isSameCommit(a, b) && isSame(a, b, 'environment') && isCausedInTime(linkOf(a, b));
  if (ALIKE.some((field) => differs(a, b, field))) return false;
  if (isSame(a, b, 'jobId') || isSame(a, b, 'pipeline')) return true;
  return (isSameCommit(a, b) && distanceMs(a, b) <= REPORT_WINDOW_MS) || isPostedMeanwhile(a, b);
}

/** A post that names neither run nor commit, from an environment to which a job deploys at that very time. */
function isPostedMeanwhile(a: Member, b: Member): boolean {
  const [report, job] = a.witness === 'report' ? [a, b] : [b, a];
  if (report.witness !== 'report' || job.witness !== 'job' || !isSame(a, b, 'environment')) return false;
  const saysWhich = report.commit !== undefined || report.pipeline !== undefined || report.jobId !== undefined;
  return !saysWhich && overlap(report, job);
}

const ALIKE = ['environment', 'commit', 'pipeline', 'jobId', 'job', 'service'] as const;
type Field = (typeof ALIKE)[number];

const isSame = (a: Member, b: Member, field: Field): boolean => a[field] !== undefined && a[field] === b[field];
const differs = (a: Member, b: Member, field: Field): boolean =>
  a[field] !== undefined && b[field] !== undefined && a[field] !== b[field];
const isSameCommit = (a: Member, b: Member): boolean => isSame(a, b, 'commit');

/** A post may name a project without the host and the path under which the forge runs. */
function isSameRepository(a: Member, b: Member): boolean {
  if (a.host !== undefined && b.host !== undefined) return a.host === b.host && a.path === b.path;
  return a.path === b.path || a.path.endsWith(`/${b.path}`) || b.path.endsWith(`/${a.path}`);
}

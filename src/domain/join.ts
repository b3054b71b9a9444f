import { groupBy } from '../values/group.ts';
import type { Witness } from './change-record.ts';
import { isOfApp, type RootOf, uniqueBest } from './join-best.ts';
import { fits, type JoinOptions } from './join-fit.ts';
import type { Member } from './join-member.ts';
import { byGap, type Link, ranTogether } from './join-times.ts';

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
  const { commit, pipeline, parent, jobId, join, instance, path, stage } = member;
  return [
    ...(commit ? [`commit ${commit}`] : []),
    ...(pipeline ? [`pipeline ${pipeline}`] : []),
    ...(parent ? [`pipeline ${parent}`] : []),
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
  readonly rootOf: RootOf = (key) => {
    let root = key;
    for (let next = this.#parent.get(root); next !== undefined && next !== root; next = this.#parent.get(root))
      root = next;
    return root;
  };
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

/**
 * Each report belongs to the one job that matches it best, and no two reports of one source to the same job. Of the
 * jobs that match a report equally, those that have one from its sender are left out.
 */
function reportsOfJobs(reports: readonly Member[], jobs: readonly Member[], known: Known): readonly Pair[] {
  const rootOf = ({ key }: Member) => known.unions.rootOf(key);
  const first = choose(reports, jobs, known);
  const pairs = [...first.pairs];
  const isTaken = (job: Member, by: Member) =>
    pairs.some(([report, its]) => rootOf(its) === rootOf(job) && isOfSameSender(report, by));
  for (let left = first.undecided; left.length > 0; ) {
    const free = (report: Member) => jobs.filter((job) => !isTaken(job, report));
    const found = left.flatMap((report) => choose([report], free(report), known).pairs);
    const next = withoutRivals(found, known.unions);
    if (next.length === 0) break;
    pairs.push(...next);
    left = left.filter((report) => !next.some(([one]) => one === report));
  }
  return pairs;
}

/** `undecided`: those that match several jobs equally. */
function choose(reports: readonly Member[], jobs: readonly Member[], { unions, options }: Known) {
  const found = reports.map((report) => {
    const candidates = jobs.filter((candidate) => fits(report, candidate, options));
    return { report, job: uniqueBest(candidates, report, unions.rootOf) };
  });
  const pairs = found.flatMap(({ report, job }): Pair[] => (job ? [[report, job]] : []));
  return {
    pairs: withoutRivals(pairs, unions),
    undecided: found.flatMap(({ report, job }) => (job ? [] : [report])),
  };
}

const withoutRivals = (pairs: readonly Pair[], unions: Unions): readonly Pair[] =>
  pairs.filter(([report, job]) => {
    const root = unions.rootOf(job.key);
    const rivals = pairs.filter(([other, its]) => unions.rootOf(its.key) === root && isOfSameSender(other, report));
    const reportsOfJob = rivals.map(([rival]) => rival);
    return uniqueBest(reportsOfJob, job, unions.rootOf) === report;
  });

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
 * A sync and what caused it. Several causes are distinguished by the service that the application is, and by time, as
 * several syncs of one application are. Syncs of several applications with the same cause are not joined, except one
 * whose service it names.
 */
function syncsOf(syncs: readonly Member[], members: readonly Member[], { unions, options }: Known): readonly Pair[] {
  const causes = members.filter(({ witness }) => witness !== 'sync');
  if (causes.length === 0) return [];
  const rootOf = ({ key }: Member) => unions.rootOf(key);
  const found = syncs.map((sync) => {
    const fitting = causes.filter((cause) => fits(sync, cause, options));
    const own = new Set(fitting.filter((cause) => isOfApp(cause, sync)).map(rootOf));
    const likely = own.size > 0 ? fitting.filter((cause) => own.has(rootOf(cause))) : fitting;
    const links = likely.map((cause) => ({ sync, cause }));
    return { sync, own, roots: new Set(likely.map(rootOf)), link: nearestOf(links, rootOf) };
  });
  return found.flatMap(({ sync, own, link }): Pair[] => {
    if (!link) return [];
    const root = rootOf(link.cause);
    const rivals = found.filter((other) => other.sync !== sync && other.roots.has(root));
    const isNearest = rivals.every((rival) => {
      if (!isSameApp(sync, rival.sync)) return own.has(root) && !rival.own.has(root);
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

const isSameApp = (a: Member, b: Member): boolean =>
  a.app !== undefined && a.app === b.app && a.instance === b.instance;

import { type ChangeRecord, digest, recordId } from '../domain/change-record.ts';
import { isFinal, type Moment, RANK } from '../domain/deployment.ts';
import { fold } from '../domain/fold.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { RepeatNames } from '../store/changes/repeat-names.ts';
import { groupBy } from '../values/group.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';
import { asPosted, postedKeyOf, postedNameOf } from './posts.ts';
import { isOtherRun, recoveryOf } from './runs.ts';

export interface RepeatParts {
  readonly names: RepeatNames;
  readonly changeLog: Pick<ChangeLog, 'get' | 'records' | 'before'>;
}

/** Distinguishes a second deployment of the same commit from a repeated post of one deployment. */
export interface Repeats {
  /** The record with the key of the deployment that it reports: its own, or that of an earlier identical post. */
  assign(record: ChangeRecord, options?: { readonly anew: boolean }): Promise<ChangeRecord>;
  /** Whether a post reports nothing new. */
  isRepeat(record: ChangeRecord): Promise<boolean>;
  /** Records that were treated as repeats until another deployment was found to have run in between. */
  separated(view: AppliedChange): Promise<readonly Separated[]>;
}

export interface Separated {
  /** The record as its source reported it. */
  readonly record: ChangeRecord;
  /** The deployment that it is stored in now, and its id there. */
  readonly from: string;
  readonly id: string;
}

/** Covers `curl --retry` and a job that is restarted after a short failure. A later post is a new deployment. */
export const RETRY_WINDOW_MS = 60 * 60_000;

/** A deployment in the change log with one of the possible keys. */
interface Candidate {
  readonly name: string;
  readonly view: DeploymentView;
}

export function createRepeats({ names, changeLog }: RepeatParts): Repeats {
  const candidatesOf = async (key: string): Promise<readonly Candidate[]> => {
    const found = (await names.of(key)).map(async (name) => {
      const view = await changeLog.get(name);
      return view ? [{ name, view: await asPosted(changeLog, name, view) }] : [];
    });
    return (await Promise.all(found)).flat();
  };
  /** The one of its run, else the candidate that a moment belongs to: the nearest before it, or after it. */
  const ownerOf = async (candidates: readonly Candidate[], record: ChangeRecord): Promise<Candidate | undefined> => {
    const same = record.base === undefined ? undefined : await changeLog.get(record.deployment);
    if (same) {
      const name = await postedNameOf(changeLog, same, record.deployment);
      return { name, view: await asPosted(changeLog, name, same) };
    }
    const moment = momentOf(record);
    const ofSameEnd = candidates.filter(({ view }) => !isOtherEnd(record, view.deployment));
    for (const candidate of neighborsOf(ofSameEnd, moment)) {
      if (
        !hasEnded(candidate, record) &&
        !(await isOtherRun(changeLog, candidate.view, record)) &&
        (await isMomentOf(changeLog, candidate.view, moment))
      )
        return candidate;
    }
    return undefined;
  };
  /** Another replica has recorded an identical post since these were read. */
  const isNews = async (previous: string | undefined, candidates: readonly Candidate[], { deployment }: ChangeRecord) =>
    previous !== undefined &&
    !candidates.some(({ view }) => view.deployment.key === previous) &&
    (await candidatesOf(deployment)).length > candidates.length;
  const addNames = async ({ base, baseOfStart }: ChangeRecord, name: string, at: string) => {
    if (base !== undefined) await names.add(base, { name, at });
    if (baseOfStart !== undefined) await names.add(baseOfStart, { name, at });
  };
  /** The first of its run, or of its key: perhaps of a start that did not know what is deployed. */
  const asNew = async (record: ChangeRecord) => {
    const { at } = momentOf(record);
    const { baseOfStart = '' } = record;
    const open = baseOfStart !== '' && isFinal(record.state) ? await candidatesOf(baseOfStart) : [];
    const start = open
      .filter(({ name, view }) => isNameOf(baseOfStart, name) && !isFinal(view.deployment.state) && timeOf(view) <= at)
      .sort(byTime)
      .at(-1);
    await addNames(record, start?.name ?? record.deployment, at);
    return start ? named(record, start.name) : record;
  };
  const assign: Repeats['assign'] = async (record, { anew } = { anew: false }) => {
    const recovered = record.reportsHealth && (await recoveryOf(changeLog, record));
    if (recovered) return recovered;
    if (!record.repeatable) return record;
    const candidates = await candidatesOf(record.base ?? record.deployment);
    const existing = anew ? undefined : await knownRecord(changeLog, candidates, record);
    if (existing) return existing;
    const owner = await ownerOf(candidates, record);
    if (owner && (record.periodic || record.base !== undefined)) return periodic(record, owner);
    if (owner) return hasState(owner.view, record) ? again(record, owner.name) : named(record, owner.name);
    if (candidates.length === 0 || record.base !== undefined) return asNew(record);
    const { name, previous } = await nameOf(changeLog, candidates, record);
    if (await isNews(previous, candidates, record)) return assign(record, { anew });
    const { at } = momentOf(record);
    await names.add(record.deployment, { name, at });
    await addNames(record, name, at);
    return named(record, name);
  };
  return {
    assign,
    async isRepeat(record) {
      if (!record.repeatable) return isKept(changeLog, record);
      const owner = await ownerOf(await candidatesOf(record.base ?? record.deployment), record);
      return owner !== undefined && RANK[record.state] <= RANK[owner.view.deployment.state];
    },
    separated: (view) => separated(changeLog, view),
  };
}

/** A post with an `external_id` may be repeated at any time: it is a repeat if its record is stored. */
async function isKept(changeLog: Pick<ChangeLog, 'get' | 'records'>, { deployment, id }: ChangeRecord) {
  const view = await changeLog.get(deployment);
  return view !== undefined && (await changeLog.records(view.deployment.key)).some((record) => record.id === id);
}

export interface RecordMoment extends Moment {
  readonly isPeriodic: boolean;
}

/** A time after the receipt is replaced by the time of receipt (domain/fold-times.ts). */
export const momentOf = ({ state, occurredAt, receivedAt, periodic }: ChangeRecord): RecordMoment => ({
  isPeriodic: periodic === true,
  state,
  at: occurredAt < receivedAt ? occurredAt : receivedAt,
});

/** A job posts one end: a success and a failure are those of two attempts. An end that was only concluded is none. */
export function isOtherEnd(
  { endsOnce, state }: Pick<ChangeRecord, 'endsOnce' | 'state'>,
  known: Pick<ChangeRecord, 'state' | 'endReason'>,
): boolean {
  if (!endsOnce || !isFinal(state) || !isFinal(known.state) || known.endReason === 'superseded') return false;
  return (state === 'succeeded') !== (known.state === 'succeeded');
}

/** A state that is not final belongs to the end after it; a final state belongs to what came before it. */
function neighborsOf(candidates: readonly Candidate[], { state, at }: Moment): readonly Candidate[] {
  const inOrder = candidates.toSorted(byTime);
  const before = inOrder.filter(({ view }) => timeOf(view) <= at).slice(-1);
  const after = inOrder.filter(({ view }) => timeOf(view) > at).slice(0, 1);
  return isFinal(state) ? [...before, ...after] : [...after, ...before];
}

const byTime = (a: Candidate, b: Candidate): number => (timeOf(a.view) < timeOf(b.view) ? -1 : 1);
const timeOf = ({ deployment }: DeploymentView): string => deployment.occurredAt;

async function isMomentOf(
  changeLog: Pick<ChangeLog, 'before'>,
  view: DeploymentView,
  { state, at, isPeriodic }: RecordMoment,
): Promise<boolean> {
  const then = timeOf(view);
  const isLater = at > then;
  const further = RANK[state] - RANK[view.deployment.state];
  if (isLater ? further > 0 : further < 0) return true; // a later state of the same deployment, or an earlier one
  const [first, last] = isLater ? [then, at] : [at, then];
  if (!isPeriodic && Date.parse(last) - Date.parse(first) > RETRY_WINDOW_MS) return false;
  return (await ranBetween(changeLog, view, { first, last })) === undefined;
}

/** The time of the first other deployment of this lineage that succeeded between two moments. */
async function ranBetween(
  changeLog: Pick<ChangeLog, 'before'>,
  { lineage, deployment }: DeploymentView,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<string | undefined> {
  const newest = await changeLog.before(lineage, { at: last, limit: LOOKED_AT });
  return newest.findLast(({ key, occurredAt }) => key !== deployment.key && occurredAt > first)?.occurredAt;
}

/** How many of the newest deployments of the place are searched for one that ran in between. */
const LOOKED_AT = 10;

const hasState = ({ deployment }: DeploymentView, { state }: ChangeRecord): boolean => deployment.state === state;

/**
 * For a periodic report: a repeated state adds no record. A change from one final state to another is recorded each
 * time, as a healthy service may fail and recover.
 */
function periodic(record: ChangeRecord, { name, view }: Candidate): ChangeRecord {
  const isLater = record.occurredAt > timeOf(view);
  const isFirst = record.occurredAt < timeOf(view) && hasState(view, record); // a repeat has overtaken it
  if (isFirst) return { ...named(record, name), id: recordId(name, record.state, record.id, record.occurredAt) };
  const isOtherEnd = isFinal(record.state) && isFinal(view.deployment.state) && !hasState(view, record);
  if (!isLater || !isOtherEnd) return named(record, name);
  const { finishedAt, ...recovered } = record; // of an end that may be the time of sending, the first one counts
  const own = record.runIsUncertain && record.state === 'succeeded' && view.deployment.succeededAt ? recovered : record;
  return { ...named(own, name), id: recordId(name, record.state, record.id, record.occurredAt) };
}

/** The record as it was stored before: a job may run twice, and a webhook may be mapped again. */
async function knownRecord(
  changeLog: Pick<ChangeLog, 'records'>,
  candidates: readonly Candidate[],
  record: ChangeRecord,
): Promise<ChangeRecord | undefined> {
  if (record.webhook === undefined) return undefined;
  for (const { name, view } of candidates) {
    const records = (await changeLog.records(view.deployment.key)).filter(({ webhook }) => webhook === record.webhook);
    const [first] = records;
    if (!first) continue;
    const same = records.find(({ state }) => state === record.state);
    return same
      ? { ...record, deployment: name, id: same.id, ...(same.repeated && { repeated: true }) }
      : named(record, name);
  }
  return undefined;
}

function named(record: ChangeRecord, name: string): ChangeRecord {
  if (name === record.deployment) return record;
  const id = recordId(name, record.state, record.id);
  if (record.base === undefined) return { ...record, deployment: name, id };
  return { ...record, deployment: name, id, aliases: [...record.aliases, record.deployment] };
}

/** A repeat is stored with the deployment that it repeats: it may turn out to be another deployment (`separated`). */
function again(record: ChangeRecord, name: string): ChangeRecord {
  const repeat = record.webhook ?? record.receivedAt;
  return { ...record, deployment: name, id: recordId(name, record.state, record.id, repeat), repeated: true };
}

/** The key depends on what ran before it, so that two replicas that record it at once choose the same key. */
async function nameOf(
  changeLog: Pick<ChangeLog, 'before'>,
  candidates: readonly Candidate[],
  record: ChangeRecord,
): Promise<{ readonly name: string; readonly previous: string | undefined }> {
  const moment = momentOf(record);
  const [nearest] = neighborsOf(candidates, moment);
  const [previous] = nearest ? await changeLog.before(nearest.view.lineage, { at: moment.at, limit: 1 }) : [];
  const isBefore = nearest !== undefined && timeOf(nearest.view) > moment.at;
  const place = [previous?.key ?? '', `${isBefore ? 'before' : 'after'} ${nearest?.name ?? ''}`];
  const name = `${record.deployment}${AGAIN}${digest(place.join('\n')).slice(0, 12)}`;
  return { name, previous: previous?.key };
}

const AGAIN = '/again/';

/** Not one that knows more, and is only found by the key as well. */
const isNameOf = (key: string, name: string): boolean => name === key || name.startsWith(key + AGAIN);

/** An end that does not know what was deployed is not that of a deployment which ended, and knows it. */
const hasEnded = ({ name, view: { deployment } }: Candidate, { base, commit }: ChangeRecord): boolean =>
  base !== undefined &&
  !isNameOf(base, name) &&
  isFinal(deployment.state) &&
  deployment.commit?.sha !== undefined &&
  commit?.sha === undefined;

/** Finds repeats with another deployment in between: those of `view` itself, and those of the one before it. */
async function separated(
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

function asReported(given: ChangeRecord): ChangeRecord {
  const { joinedFrom: _, repeated, ...record } = given;
  const own = postedKeyOf(given);
  const at = own.indexOf(AGAIN);
  return { ...record, deployment: at === -1 ? own : own.slice(0, at) };
}

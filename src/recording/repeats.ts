import { type ChangeRecord, digest, recordId } from '../domain/change-record.ts';
import { isFinal, type Moment, RANK } from '../domain/deployment.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { RepeatNames } from '../store/changes/repeat-names.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';
import { asPosted, postedNameOf } from './posts.ts';
import { AGAIN, again, isNameOf, named } from './repeat-key.ts';
import { isMomentOf, isOtherEnd, momentOf } from './repeat-moment.ts';
import { isOtherRun, recoveryOf } from './runs.ts';
import { type Separated, separated } from './separated-repeats.ts';

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

/** A state that is not final belongs to the end after it; a final state belongs to what came before it. */
function neighborsOf(candidates: readonly Candidate[], { state, at }: Moment): readonly Candidate[] {
  const inOrder = candidates.toSorted(byTime);
  const before = inOrder.filter(({ view }) => timeOf(view) <= at).slice(-1);
  const after = inOrder.filter(({ view }) => timeOf(view) > at).slice(0, 1);
  return isFinal(state) ? [...before, ...after] : [...after, ...before];
}

const byTime = (a: Candidate, b: Candidate): number => (timeOf(a.view) < timeOf(b.view) ? -1 : 1);
const timeOf = ({ deployment }: DeploymentView): string => deployment.occurredAt;

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

/** An end that does not know what was deployed is not that of a deployment which ended, and knows it. */
const hasEnded = ({ name, view: { deployment } }: Candidate, { base, commit }: ChangeRecord): boolean =>
  base !== undefined &&
  !isNameOf(base, name) &&
  isFinal(deployment.state) &&
  deployment.commit?.sha !== undefined &&
  commit?.sha === undefined;

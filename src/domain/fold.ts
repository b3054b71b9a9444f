import type { ChangeRecord, State } from './change-record.ts';
import { byDecision, compare, decisiveOf } from './decisive.ts';
import { type Deployment, isFinal } from './deployment.ts';
import { isNamedByDefault, NO_SERVICE } from './service.ts';

/**
 * Folds the records of one deployment. A pure function of the set: the order in which the records arrived, and how
 * often, makes no difference.
 * @throws RangeError when there is no record: a deployment without records does not exist.
 */
export function fold(key: string, given: readonly ChangeRecord[]): Deployment {
  const records = withReportsRankedLower(withoutLateTrouble(given).map(clamped));
  const decisive = decisiveOf(records);
  if (!decisive) throw new RangeError(`deployment ${key} has no records`);
  const { decider, run, isPart } = decisive;
  const trusted = records.toSorted(byAuthority);
  const merged = trusted.reduce((sum, record) => merge(sum, record));
  const open = isFinal(decider.state) ? undefined : reasonToWait(trusted);
  const description = descriptionOf(trusted, decider);
  const began = startOf(records, decider.occurredAt);
  const succeededAt = isPart ? undefined : successBefore(records, decider);
  const ended = succeededAt === undefined ? undefined : endOf([], records, 'succeeded');
  const ownEnd = isFinal(decider.state) ? (decider.finishedAt ?? endOf(run, records, decider.state)) : undefined;
  const reported = ownEnd ?? ended;
  const occurredAt = decider.doubts?.occurredAt === undefined ? decider.occurredAt : (reported ?? decider.occurredAt);
  const finished = reported ?? reportedEnd({ ...decider, occurredAt: succeededAt ?? decider.occurredAt }, began);
  return {
    key,
    ...withoutStep(merged),
    state: decider.state,
    ...(isPart && decider.job && { job: decider.job }),
    ...(isPart && decider.jobUrl && { jobUrl: decider.jobUrl }),
    ...(decider.endReason && { endReason: decider.endReason }),
    occurredAt,
    receivedAt: earliest(records.map((record) => record.receivedAt)) ?? decider.receivedAt,
    ...repeatedUntil(records, decider.occurredAt),
    ...spanOf(began, finished),
    ...(succeededAt && { succeededAt }),
    ...summaryOf(trusted, decider.state),
    ...(description !== undefined && { description }),
    ...(open !== undefined && { waiting: open }),
    notes: [
      ...notesOf(trusted, decider, { ...merged, occurredAt }),
      ...setbacks(trusted, decider),
      ...(open === undefined ? [] : [open]),
    ],
    decidedBy: decider.id,
    signals: [...new Set(records.map((record) => record.signal))].sort(),
    sources: sourcesOf(records),
  };
}

/**
 * The fields that a deployment takes over from its records: all but those that describe one step, or are computed
 * above.
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

const AHEAD = "The sender's clock is ahead: times after a signal's receipt are set to that receipt.";
/** Clocks always differ a little; only misleading differences are noted. */
const AHEAD_NOTED_MS = 60_000;

/** Nothing happened after it was reported. A clock that is ahead must not decide what came last. */
function clamped(record: ChangeRecord): ChangeRecord {
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

/** The start that a tool reported, else the first report that it runs. */
function startOf(records: readonly ChangeRecord[], decidedAt: string): string | undefined {
  const running = sameState(records, 'running').map(({ occurredAt }) => occurredAt);
  const reported = earliest(records.map((record) => record.startedAt));
  return reported ?? earliest(running.filter((time) => time <= decidedAt));
}

const SECOND_MS = 1000;

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

/** A summary describes one state: the summary of a record in another state would be wrong. */
function summaryOf(trusted: readonly ChangeRecord[], state: State): { summary?: string } {
  const summary = sameState(trusted, state).findLast((record) => record.summary !== undefined)?.summary;
  return summary === undefined ? {} : { summary };
}

/** The last record of those that have not ended counts: an earlier one may have had nothing to wait for. */
const reasonToWait = (trusted: readonly ChangeRecord[]): string | undefined =>
  trusted.findLast(({ state }) => !isFinal(state))?.waiting;

/** A failure that is over: the application recovered, and the same tool reported both. */
const isOver = ({ state, history, periodic, occurredAt }: ChangeRecord, decider: ChangeRecord): boolean => {
  const isOfController = history !== undefined || periodic === true;
  return decider.state === 'succeeded' && state === 'failed' && isOfController && occurredAt < decider.occurredAt;
};

/** The description of a failure does not describe a deployment that has recovered. */
function descriptionOf(trusted: readonly ChangeRecord[], decider: ChangeRecord): string | undefined {
  return trusted.findLast((record) => record.description !== undefined && !isOver(record, decider))?.description;
}

function setbacks(trusted: readonly ChangeRecord[], decider: ChangeRecord): string[] {
  const last = trusted
    .filter((record) => isOver(record, decider))
    .toSorted(byDecision)
    .at(-1);
  if (!last) return [];
  const what = last.description?.split('\n', 1)[0];
  return [`Failed at ${last.occurredAt}, and healthy again at ${decider.occurredAt}${what ? ` (${what})` : ''}.`];
}

function sourcesOf(records: readonly ChangeRecord[]): string[] {
  const inOrder = records.toSorted((a, b) => compare(a.receivedAt, b.receivedAt) || compare(a.id, b.id));
  return [...new Set(inOrder.map(({ source }) => source))];
}

const sameState = (records: readonly ChangeRecord[], state: State) =>
  records.filter((record) => record.state === state);

/** `over` wins wherever it has a value; lists are united. */
function merge(under: ChangeRecord, over: ChangeRecord): ChangeRecord {
  // the same keys, fewer of them
  const defined = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) as ChangeRecord;
  return {
    ...Object.assign({}, under, defined),
    environment: mergeEnvironment(under, over),
    service: serviceIn(under, over),
    ...(under.repository && { repository: mergeRepository(under.repository, over.repository) }),
    ...(under.commit && { commit: { ...under.commit, ...over.commit } }),
    ...(under.pullRequest && { pullRequest: { ...under.pullRequest, ...over.pullRequest } }),
    ...(under.manifests && { manifests: { ...under.manifests, ...over.manifests } }),
    ...(under.changeType !== 'deployment' && over.changeType === 'deployment' && { changeType: under.changeType }),
    // The revision that a later record reports replaces the one that an earlier record announced.
    artifacts: over.artifacts.length > 0 ? over.artifacts : under.artifacts,
    paths: unite(under.paths, over.paths),
    tags: unite(under.tags, over.tags),
  };
}

/** A name that somebody gave counts more than one after the repository, whose present name the forge knows best. */
function serviceIn(under: ChangeRecord, over: ChangeRecord): string {
  if (!isNamedByDefault(over) || under.service === 'unknown') return over.service;
  const isOutdated = over.repository?.id !== undefined && under.repository?.id === undefined && isNamedByDefault(under);
  return isOutdated && over.service !== 'unknown' ? over.service : under.service;
}

type Repository = NonNullable<ChangeRecord['repository']>;

function mergeRepository(under: Repository, over: Repository | undefined): Repository {
  const isForgesName = under.id !== undefined && over?.id === undefined;
  return { ...under, ...over, ...(isForgesName && { name: under.name, ...(under.url && { url: under.url }) }) };
}

/**
 * Notes that later records refute: that the commit is unknown, or a notification lost. An inference counts as long as
 * it decides the state.
 * @param trusted least trusted first
 */
function notesOf(trusted: readonly ChangeRecord[], decider: ChangeRecord, merged: ChangeRecord): string[] {
  const isReported = trusted.some(({ state, history }) => isFinal(state) && history && !history.recovered);
  const valid = trusted.filter(({ history, signal, endReason }, at) => {
    if (endReason === 'superseded' && decider.endReason !== 'superseded') return false;
    if (!history) return true;
    if (history.recovered && isReported) return false;
    return !trusted.slice(at + 1).some((later) => later.history && later.signal === signal);
  });
  const notes = new Set(valid.flatMap((record) => record.notes));
  for (const note of refuted(trusted, decider, merged)) notes.delete(note);
  if (merged.service !== 'unknown') notes.delete(NO_SERVICE);
  return [...notes];
}

/** Notes of one signal about missing data that another signal reports. */
function refuted(records: readonly ChangeRecord[], decider: ChangeRecord, merged: ChangeRecord): string[] {
  const isActorReported = records.some(({ actor, doubts }) => actor !== undefined && doubts?.actor === undefined);
  const isTimeReported = decider.doubts?.occurredAt === undefined || merged.occurredAt !== decider.occurredAt;
  const isServiceReported = records.some(
    ({ service, doubts }) => service === merged.service && doubts?.service === undefined,
  );
  return records.flatMap(({ doubts = {} }) => [
    ...(doubts.service && isServiceReported ? [doubts.service] : []),
    ...(doubts.actor && isActorReported ? [doubts.actor] : []),
    ...(doubts.occurredAt && isTimeReported ? [doubts.occurredAt] : []),
    ...(doubts.environment && merged.environment.name !== 'unknown' ? [doubts.environment] : []),
    ...(doubts.commit && merged.commit?.sha ? [doubts.commit] : []),
  ]);
}

/** A signal without an environment must not hide the environment of another. */
function mergeEnvironment(under: ChangeRecord, over: ChangeRecord): ChangeRecord['environment'] {
  if (over.environment.name === 'unknown') return { ...over.environment, ...under.environment };
  if (under.environment.name !== over.environment.name) return over.environment;
  return { ...under.environment, ...over.environment };
}

/** Each record has its limit; this one is for a deployment with a thousand records. */
const MAX_UNITED = 200;
const unite = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].slice(0, MAX_UNITED);
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

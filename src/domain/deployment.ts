import type { ChangeRecord, State } from './change-record.ts';

/**
 * What all records of one deployment add up to. A pure fold of the set: the order in which the records arrived,
 * and how often, makes no difference.
 */
export type Deployment = Omit<
  ChangeRecord,
  'id' | 'deployment' | 'aliases' | 'occurrence' | 'signal' | 'authoritative' | 'rejected' | 'history' | 'webhook'
> & {
  readonly key: string;
  /** The record that decided the state. */
  readonly decidedBy: string;
  /** Every name of the tools that told about it. */
  readonly signals: readonly string[];
  /** What the tools called it, where the configuration gives it another name (routing.ts). */
  readonly original?: { readonly environment?: string; readonly service?: string };
  /** The deployment whose place it took in its environment (succession.ts). */
  readonly replaced?: Replaced;
};

export interface Replaced {
  readonly deployment: string;
  readonly sha?: string;
  /** Page of the repository that shows what lies between the two. */
  readonly compareUrl?: string;
}

const RANK: Readonly<Record<State, number>> = { pending: 0, running: 1, succeeded: 2, failed: 2, canceled: 2 };

export const isFinal = (state: State): boolean => RANK[state] === 2;

/** A state as of a moment. `at` is ISO 8601 UTC. */
export interface Moment {
  readonly state: State;
  readonly at: string;
}

/**
 * What a newly known moment means to somebody who was told `told`:
 * `apply` tell it, `duplicate` it is known, `stale` something later is known.
 * Between final states the later moment wins: succeeded → failed is a deployment that degraded afterwards.
 */
export function transition(told: Moment | undefined, next: Moment): 'apply' | 'duplicate' | 'stale' {
  if (!told) return 'apply';
  if (told.state === next.state) return 'duplicate';
  const step = RANK[next.state] - RANK[told.state];
  if (step !== 0) return step > 0 ? 'apply' : 'stale';
  return next.at >= told.at ? 'apply' : 'stale';
}

/** Lowest first: the last one decides. Ties end with the id, so that every order of arrival gives one answer. */
function byDecision(a: ChangeRecord, b: ChangeRecord): number {
  return (
    RANK[a.state] - RANK[b.state] ||
    Number(a.authoritative) - Number(b.authoritative) ||
    compare(a.occurredAt, b.occurredAt) ||
    compare(a.id, b.id)
  );
}

/** Least trusted first: later ones overwrite what earlier ones said. */
function byTrust(a: ChangeRecord, b: ChangeRecord): number {
  return Number(a.authoritative) - Number(b.authoritative) || byDecision(a, b);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Folds the records of one deployment into what is known about it.
 * @throws RangeError when there is no record: a deployment nobody spoke of does not exist.
 */
export function fold(key: string, records: readonly ChangeRecord[]): Deployment {
  const decider = records.toSorted(byDecision).at(-1);
  if (!decider) throw new RangeError(`deployment ${key} has no records`);
  const rejection = records.find((record) => record.rejected);
  const trusted = records.toSorted(byTrust);
  const known = trusted.reduce((sum, record) => merge(sum, record));
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
    summary,
    startedAt,
    finishedAt,
    ...rest
  } = known;
  const decidedBy = rejection && isFinal(decider.state) ? rejection : decider;
  const started = earliest(records.map((record) => record.startedAt));
  const finished = isFinal(decidedBy.state)
    ? (decidedBy.finishedAt ?? latest(sameState(records, decidedBy.state).map((record) => record.finishedAt)))
    : undefined;
  return {
    key,
    ...rest,
    state: decidedBy.state,
    occurredAt: decidedBy.occurredAt,
    receivedAt: earliest(records.map((record) => record.receivedAt)) ?? decidedBy.receivedAt,
    ...(started && { startedAt: started }),
    ...(finished && { finishedAt: finished }),
    ...summaryOf(trusted, decidedBy.state),
    decidedBy: decidedBy.id,
    signals: [...new Set(records.map((record) => record.signal))].sort(),
  };
}

/** A summary speaks of one state; one that was written for another state would lie about this one. */
function summaryOf(trusted: readonly ChangeRecord[], state: State): { summary?: string } {
  const summary = sameState(trusted, state).at(-1)?.summary;
  return summary === undefined ? {} : { summary };
}

const sameState = (records: readonly ChangeRecord[], state: State) =>
  records.filter((record) => record.state === state);

/** `over` wins wherever it says something; lists are united. */
function merge(under: ChangeRecord, over: ChangeRecord): ChangeRecord {
  const said = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) as ChangeRecord; // the same keys, fewer of them
  return {
    ...Object.assign({}, under, said),
    environment: mergeEnvironment(under, over),
    ...(under.repository && { repository: { ...under.repository, ...over.repository } }),
    ...(under.commit && { commit: { ...under.commit, ...over.commit } }),
    ...(under.pullRequest && { pullRequest: { ...under.pullRequest, ...over.pullRequest } }),
    ...(under.manifests && { manifests: { ...under.manifests, ...over.manifests } }),
    ...(under.changeType !== 'deployment' && over.changeType === 'deployment' && { changeType: under.changeType }),
    artifacts: unite(under.artifacts, over.artifacts),
    paths: unite(under.paths, over.paths),
    tags: unite(under.tags, over.tags),
    notes: unite(under.notes, over.notes),
  };
}

/** A signal that does not know the environment must not hide one that does. */
function mergeEnvironment(under: ChangeRecord, over: ChangeRecord): ChangeRecord['environment'] {
  if (over.environment.name === 'unknown') return { ...over.environment, ...under.environment };
  if (under.environment.name !== over.environment.name) return over.environment;
  return { ...under.environment, ...over.environment };
}

const unite = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])];
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

/** `Deployed checkout @ 4f0c9e1d to production`: the sentence that the documents' own snippets use. */
export function summarize(deployment: Deployment): string {
  if (deployment.summary) return deployment.summary;
  const sha = deployment.commit?.sha?.slice(0, 8);
  const what = sha
    ? `${deployment.service} @ ${sha}`
    : [deployment.service, deployment.artifacts[0]].filter(Boolean).join(' ');
  const verb = {
    pending: 'Waiting to deploy',
    running: 'Deploying',
    succeeded: 'Deployed',
    failed: 'FAILED: deploying',
    canceled: 'CANCELED: deploying',
  };
  const undo = {
    ...verb,
    running: 'Rolling back',
    succeeded: 'Rolled back',
    failed: 'FAILED: rolling back',
    canceled: 'CANCELED: rolling back',
  };
  return `${(deployment.changeType === 'rollback' ? undo : verb)[deployment.state]} ${what} to ${deployment.environment.name}`;
}

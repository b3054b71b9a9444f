import { shortSha } from '../values/sha.ts';
import type { EndReason } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { artifactTitle, versionSteps } from './versions.ts';

/**
 * The title of a deployment for people. Most senders write one sentence for every outcome, and destinations have no
 * field for the outcome: a failure must not read like a success, nor a roll-back like a release.
 */
export function headline(deployment: Deployment): string {
  const { summary } = deployment;
  if (!summary) return summarize(deployment);
  const outcome = outcomeOf(deployment);
  const prefixes = [
    outcome !== undefined && !statesOutcome(summary, outcome.same) && outcome.word,
    deployment.changeType === 'rollback' && !statesRollback(summary) && 'ROLLBACK',
  ];
  return [...prefixes.filter((word) => word !== false), summary].join(': ');
}

/** Our word for an outcome, and the words that senders use for it. */
interface Outcome {
  readonly word: string;
  readonly same: ReadonlySet<string>;
}

const outcome = (word: string, ...same: string[]): Outcome => ({ word, same: new Set([word.toLowerCase(), ...same]) });

const OUTCOMES: Readonly<Partial<Record<Deployment['state'], Outcome>>> = {
  failed: outcome('FAILED', 'failure', 'fail', 'fails', 'error', 'errored', 'unsuccessful', 'broken'),
  canceled: outcome('CANCELED', 'cancelled', 'canceling', 'aborted', 'stopped'),
};
const ENDS: Readonly<Record<EndReason, Outcome>> = {
  superseded: outcome('SUPERSEDED', 'outdated', 'overtaken'),
  never_ran: outcome('NEVER RAN', 'skipped'),
};
/** A sentence that was written for a success. */
const SUCCESS = new Set(['deployed', 'released', 'shipped', 'succeeded', 'success', 'successfully', 'successful']);

const outcomeOf = ({ state, endReason }: Deployment): Outcome | undefined =>
  endReason ? ENDS[endReason] : OUTCOMES[state];

/** Enough for "Deployment of <service> to <environment> failed"; what follows is no longer about the outcome. */
const READ_CHARS = 300;
/** What a sender calls the thing that failed: "deploy failed", "Pipeline #12 failed". */
const SUBJECTS = new Set([
  'deploy',
  'deployment',
  'deploying',
  'release',
  'rollout',
  'rollback',
  'job',
  'pipeline',
  'build',
]);

/**
 * Whether a summary states its outcome itself: at its beginning, or with the word deployment. "Deployed shop: fix
 * failed login" and "Fix failed login" do not.
 */
function statesOutcome(summary: string, same: Outcome['same']): boolean {
  const words = wordsOf(summary);
  const isStatedAt = (at: number) => same.has(words[at] ?? '') || same.has(words.slice(at, at + 2).join(' '));
  if (isStatedAt(0)) return true;
  const subject = words.findIndex((word) => SUBJECTS.has(word));
  if (subject < 0 || SUCCESS.has(words[0] ?? '')) return false;
  return isStatedAt(subject + 1) || (subject === 0 && words[1] === 'of' && isStatedAt(words.length - 1));
}

/** "Roll-back" describes the purpose, and may occur anywhere in it. */
const statesRollback = (summary: string): boolean => /\b(?:roll(?:ed|ing)?[ -]?back|revert)/i.test(firstLine(summary));

const firstLine = (summary: string): string => summary.slice(0, READ_CHARS).split('\n', 1)[0] ?? '';
const wordsOf = (summary: string): readonly string[] =>
  firstLine(summary)
    .toLowerCase()
    .match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu) ?? [];

/**
 * `Deployed checkout @ 4f0c9e1d to production`: the sentence of the documents' own snippets; and the versions before
 * and after, where they are known.
 */
export function summarize(deployment: Deployment): string {
  if (deployment.summary) return deployment.summary;
  const { changeType, state, endReason } = deployment;
  const verbs = VERBS[changeType] ?? DEPLOYING;
  const word = endReason ? END_WORDS[endReason] : state === 'failed' || state === 'canceled' ? state : undefined;
  // neither failed nor canceled where there is no word
  const verb = word === undefined ? verbs[state as keyof Verbs] : `${word.toUpperCase()}: ${verbs.action}`;
  const versions = versionSteps(deployment);
  const subject = verbs.preposition === 'to' ? subjectOf(deployment) : subjectOf({ ...deployment, artifacts: [] });
  return `${verb} ${subject} ${placeOf(deployment, verbs)}${versions ? `, ${versions}` : ''}`;
}

/** `checkout @ 4f0c9e1d`. Without a commit, the first artifact says which version it is. */
function subjectOf({ service, commit, artifacts }: Deployment): string {
  const sha = commit?.sha && shortSha(commit.sha);
  const version = sha ?? (artifacts[0] && artifactTitle(service, artifacts[0]));
  if (service === 'unknown') return version ?? 'an unknown service';
  return version === undefined ? service : `${service} ${sha ? `@ ${sha}` : version}`;
}

const placeOf = ({ environment: { name } }: Deployment, { preposition }: Verbs): string =>
  `${preposition} ${name === 'unknown' ? 'an unknown environment' : name}`;

interface Verbs {
  readonly action: string;
  readonly pending: string;
  readonly running: string;
  readonly succeeded: string;
  readonly preposition: 'to' | 'in';
}

const DEPLOYING: Verbs = {
  action: 'deploying',
  pending: 'Waiting to deploy',
  running: 'Deploying',
  succeeded: 'Deployed',
  preposition: 'to',
};

const changing = (what = ''): Verbs => ({
  action: `changing${what}`,
  pending: `Waiting to change${what}`,
  running: `Changing${what}`,
  succeeded: `Changed${what}`,
  preposition: 'in',
});

/** Of roll-backs, and of those that put no version in place; all others are deployments. */
const VERBS: Readonly<Partial<Record<Deployment['changeType'], Verbs>>> = {
  rollback: {
    action: 'rolling back',
    pending: 'Waiting to deploy',
    running: 'Rolling back',
    succeeded: 'Rolled back',
    preposition: 'to',
  },
  config_change: changing(' the configuration of'),
  infrastructure: changing(' the infrastructure of'),
  database_migration: changing(' the database of'),
  feature_flag: changing(' a feature flag of'),
  scaling: changing(' the scale of'),
  other: changing(),
};

const END_WORDS: Readonly<Record<EndReason, string>> = { superseded: 'superseded', never_ran: 'never ran' };

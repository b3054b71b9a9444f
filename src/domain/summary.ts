import { shortSha } from '../values/sha.ts';
import type { EndReason } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { versionSteps } from './versions.ts';

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
  const sha = deployment.commit?.sha && shortSha(deployment.commit.sha);
  const what = sha
    ? `${deployment.service} @ ${sha}`
    : [deployment.service, deployment.artifacts[0]].filter(Boolean).join(' ');
  const verbs = deployment.changeType === 'rollback' ? ROLLING_BACK : DEPLOYING;
  const verb = deployment.endReason ? `${END_WORDS[deployment.endReason]}: ${verbs.action}` : verbs[deployment.state];
  const versions = versionSteps(deployment);
  return `${verb} ${what} to ${deployment.environment.name}${versions ? `, ${versions}` : ''}`;
}

const DEPLOYING = {
  action: 'deploying',
  pending: 'Waiting to deploy',
  running: 'Deploying',
  succeeded: 'Deployed',
  failed: 'FAILED: deploying',
  canceled: 'CANCELED: deploying',
} as const;

const ROLLING_BACK = {
  action: 'rolling back',
  pending: 'Waiting to deploy',
  running: 'Rolling back',
  succeeded: 'Rolled back',
  failed: 'FAILED: rolling back',
  canceled: 'CANCELED: rolling back',
} as const;

const END_WORDS: Readonly<Record<EndReason, string>> = { superseded: 'SUPERSEDED', never_ran: 'NEVER RAN' };

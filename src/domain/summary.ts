import type { EndReason } from './change-record.ts';
import type { Deployment } from './deployment.ts';

/** `Deployed checkout @ 4f0c9e1d to production`: the sentence that the documents' own snippets use. */
export function summarize(deployment: Deployment): string {
  if (deployment.summary) return deployment.summary;
  const sha = deployment.commit?.sha?.slice(0, 8);
  const what = sha
    ? `${deployment.service} @ ${sha}`
    : [deployment.service, deployment.artifacts[0]].filter(Boolean).join(' ');
  const verbs = deployment.changeType === 'rollback' ? ROLLING_BACK : DEPLOYING;
  const verb = deployment.endReason ? `${END_WORDS[deployment.endReason]}: ${verbs.action}` : verbs[deployment.state];
  return `${verb} ${what} to ${deployment.environment.name}`;
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

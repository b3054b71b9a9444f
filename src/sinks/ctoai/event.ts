import { z } from 'zod';
import type { Deployment } from '../../domain/deployment.ts';

/** The states that CTO.ai has a word for. A canceled deployment has none. */
export const ReportedState = z.enum(['pending', 'running', 'succeeded', 'failed']);
export type ReportedState = z.infer<typeof ReportedState>;

/**
 * CTO.ai's Deployment Lifecycle States, in the spelling of its clients (cto-ai/events-gitlab-template, cto-ai/action).
 * It stores any other word without complaint and never counts it; Insights counts `success` and `failure` alone.
 */
const ACTIONS: Readonly<Record<ReportedState, string>> = {
  pending: 'blocked',
  running: 'started',
  succeeded: 'success',
  failed: 'failure',
};

/** The deployment event of CTO.ai's Event Schema Reference. */
export interface DeploymentEvent {
  readonly team_id: string;
  readonly event_name: 'deployment';
  readonly event_action: string;
  readonly repo: string;
  readonly environment: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly image?: string;
  readonly meta?: { readonly user: string };
}

/** Unknown values are left out: CTO.ai's own template sends the word "null" for a missing image. */
export function toEvent(
  deployment: Deployment,
  { state, teamId }: { state: ReportedState; teamId: string },
): DeploymentEvent {
  const { repository, service, environment, ref, tag, commit, artifacts, actor } = deployment;
  const image = artifacts.find((artifact) => !artifact.startsWith('chart:'));
  return {
    team_id: teamId,
    event_name: 'deployment',
    event_action: ACTIONS[state],
    repo: repository?.name ?? service,
    environment: environment.name,
    ...(ref && tag !== true && { branch: ref }),
    ...(commit?.sha && { commit: commit.sha }),
    ...(image && { image }),
    ...(actor && { meta: { user: actor } }),
  };
}

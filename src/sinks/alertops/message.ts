import type { Deployment } from '../../domain/deployment.ts';
import { headline } from '../../domain/summary.ts';
import { cutText } from '../../values/graphemes.ts';
import { uriOf } from '../../values/url.ts';
import { alertOf } from '../one-alert.ts';

/** It is read on a telephone at night; a commit message may have pages. */
const SUBJECT_CHARS = 250;
const TITLE_CHARS = 500;
const DETAIL_CHARS = 2_000;

export type SourceStatus = 'open' | 'update' | 'close';

/**
 * The fields that the integration in AlertOps maps: `source`, `source_name` and `source_id` together identify one
 * alert, so that they must hold nothing that changes from one deployment to the next.
 */
export interface Message {
  readonly source: 'shiplog';
  readonly source_name: string;
  readonly source_id: string;
  readonly source_status: SourceStatus;
  readonly subject: string;
  readonly severity?: string;
  readonly source_url?: string;
  readonly details: Readonly<Record<string, string>>;
}

/** `pageUrl`: our own page of it, at its public address. */
export function toMessage(deployment: Deployment, status: SourceStatus, pageUrl?: string): Message {
  const url = uriOf(deployment.jobUrl ?? deployment.pipelineUrl) ?? pageUrl;
  const severity = status === 'open' ? (deployment.riskLevel ?? 'high') : undefined;
  return {
    source: 'shiplog',
    source_name: 'Shiplog deployments',
    source_id: alertOf(deployment),
    source_status: status,
    subject: cutText(headline(deployment), SUBJECT_CHARS),
    ...(severity && { severity }),
    ...(url && { source_url: url }),
    details: detailsOf(deployment, pageUrl),
  };
}

function detailsOf(deployment: Deployment, pageUrl: string | undefined): Record<string, string> {
  const { service, environment, repository, ref, commit, actor, description, owner } = deployment;
  const details = {
    service,
    environment: environment.name,
    tier: environment.tier,
    state: deployment.state,
    change_type: deployment.changeType,
    repository: repository?.name,
    branch: ref,
    commit: commit?.sha,
    commit_title: commit?.title && cutText(commit.title, TITLE_CHARS),
    actor,
    team: owner?.team,
    channel: owner?.channel,
    runbook: owner?.runbook,
    on_call: owner?.on_call,
    description: description && cutText(description, DETAIL_CHARS),
    occurred_at: deployment.occurredAt,
    deployment: deployment.key,
    shiplog: pageUrl,
  };
  // drops '' and undefined
  return Object.fromEntries(Object.entries(details).filter((detail): detail is [string, string] => Boolean(detail[1])));
}

import { ChangeType, digest, RiskLevel, State, Tier } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { headline } from '../../domain/summary.ts';
import { type Fields, isEmptyValue, type ValueType } from '../../templates/shape.ts';
import type { Json } from '../../values/json.ts';
import { shortSha } from '../../values/sha.ts';
import { wellFormed } from '../../values/text.ts';
import { uriOf } from '../../values/url.ts';
import { normalized } from '../normalized.ts';
import { alertOf } from '../one-alert.ts';

const fields = (named: Record<string, ValueType>): Fields => ({ fields: named });
const TEXTS: ValueType = { list: 'text' };

/** Every path that a template may use, as README.md lists them. Any other is refused at start. */
export const DEPLOYMENT: Fields = fields({
  id: 'text',
  event_id: 'text',
  key: 'text',
  key_digest: 'text',
  alert_key: 'text',
  external_id: 'text',
  state: { oneOf: State.options },
  change_type: { oneOf: ChangeType.options },
  risk_level: { oneOf: RiskLevel.options },
  summary: 'text',
  description: 'text',
  environment: fields({ name: 'text', tier: { oneOf: Tier.options }, url: 'text', original: 'text' }),
  service: 'text',
  service_id: 'text',
  repository: fields({ name: 'text', url: 'text', gitlab_project: 'text' }),
  ref: 'text',
  tag: 'boolean',
  commit: fields({
    sha: 'text',
    short: 'text',
    title: 'text',
    message: 'text',
    url: 'text',
    author: 'text',
    committed_at: 'time',
  }),
  manifests: fields({ repository: 'text', url: 'text', revision: 'text' }),
  pull_request: fields({ number: 'text', url: 'text', title: 'text' }),
  actor: 'text',
  owner: fields({ team: 'text', channel: 'text', runbook: 'text', on_call: 'text' }),
  page_url: 'text',
  pipeline_url: 'text',
  job: 'text',
  job_url: 'text',
  source: 'text',
  instance: 'text',
  started_at: 'time',
  finished_at: 'time',
  occurred_at: 'time',
  received_at: 'time',
  duration_seconds: 'number',
  artifacts: TEXTS,
  tags: TEXTS,
  notes: TEXTS,
  replaced: fields({
    key: 'text',
    key_digest: 'text',
    sha: 'text',
    short: 'text',
    compare_url: 'text',
    remediation: 'text',
  }),
});

type Facts = { readonly [key: string]: Json };

/** The same step always has the same id, so that a receiver recognises a repeat. */
export const eventIdOf = ({ key, state }: Deployment): string => `msg_${digest(`${key}\n${state}`)}`;

/** A deployment as templates see it. Unknown values are absent: no '', no null, no empty list. */
export function factsOf(deployment: Deployment, pageUrl?: string): Facts {
  const { key, environment, repository, commit, manifests } = deployment;
  return withoutEmpty({
    id: deployment.decidedBy,
    event_id: eventIdOf(deployment),
    key,
    key_digest: digest(key),
    alert_key: alertOf(normalized(deployment)),
    external_id: deployment.externalId,
    state: deployment.state,
    change_type: deployment.changeType,
    risk_level: deployment.riskLevel,
    summary: headline(deployment),
    description: deployment.description,
    environment: withoutEmpty({
      ...environment,
      url: uriOf(environment.url),
      original: deployment.original?.environment,
    }),
    service: deployment.service,
    service_id: deployment.serviceId,
    repository:
      repository &&
      withoutEmpty({ name: repository.name, url: repository.url, gitlab_project: repository.gitlabProject }),
    ref: deployment.ref,
    tag: deployment.tag,
    commit: commit && commitOf(commit),
    manifests: manifests && withoutEmpty(manifests),
    actor: deployment.actor,
    owner: deployment.owner && withoutEmpty({ ...deployment.owner }),
    page_url: pageUrl,
    source: deployment.reportedSource ?? deployment.source,
    instance: deployment.instance,
    artifacts: textsOf(deployment.artifacts),
    tags: textsOf(deployment.tags),
    notes: textsOf(deployment.notes),
    ...timesOf(deployment),
    ...linksOf(deployment),
  });
}

const timesOf = ({ startedAt, finishedAt, occurredAt, receivedAt }: Deployment) => ({
  started_at: startedAt,
  finished_at: finishedAt,
  occurred_at: occurredAt,
  received_at: receivedAt,
  duration_seconds: secondsBetween(startedAt, finishedAt),
});

const linksOf = ({ pipelineUrl, job, jobUrl, pullRequest, replaced, changeType }: Deployment) => ({
  pipeline_url: uriOf(pipelineUrl),
  job,
  job_url: uriOf(jobUrl),
  pull_request: pullRequest && withoutEmpty({ ...pullRequest, url: uriOf(pullRequest.url) }),
  replaced:
    replaced &&
    withoutEmpty({
      key: replaced.deployment,
      key_digest: digest(replaced.deployment),
      sha: replaced.sha,
      short: replaced.sha && shortSha(replaced.sha),
      compare_url: uriOf(replaced.compareUrl),
      remediation: changeType === 'rollback' ? changeType : replaced.failed && 'rollforward',
    }),
});

function commitOf({ sha, title, message, url, author, committedAt }: NonNullable<Deployment['commit']>): Facts {
  const firstLine = message?.trim().split('\n')[0]?.trim();
  return withoutEmpty({
    sha,
    short: sha && shortSha(sha),
    title: title?.trim() || firstLine,
    message: message?.trim() || title?.trim(),
    url: uriOf(url),
    author,
    committed_at: committedAt,
  });
}

/** Absent when the sender's times contradict each other. */
function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return seconds >= 0 ? seconds : undefined;
}

const textsOf = (texts: readonly string[]): Json => texts.filter((text) => !isEmptyValue(text)).map(wellFormed);

/** Every text can be encoded: a receiver may refuse half of a surrogate pair. */
const withoutEmpty = (named: Readonly<Record<string, Json | undefined>>): Facts =>
  Object.fromEntries(
    Object.entries(named)
      .filter((entry): entry is [string, Json] => entry[1] !== undefined && !isEmptyValue(entry[1]))
      .map(([name, value]) => [name, typeof value === 'string' ? wellFormed(value) : value]),
  );

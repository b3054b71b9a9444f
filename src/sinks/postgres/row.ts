import { boundRecord } from '../../domain/bounded-record.ts';
import { type Deployment, momentOf, RANK } from '../../domain/deployment.ts';
import { headline } from '../../domain/summary.ts';
import { cutText } from '../../values/graphemes.ts';
import { wellFormed } from '../../values/text.ts';
import { normalized } from '../normalized.ts';

/** One row of the table, by column. Unknown is null there, and absent here. */
export type Row = Readonly<Record<string, string | number | readonly string[] | object>>;

export interface RowOptions {
  readonly now: Date;
  readonly pageUrl?: string | undefined;
}

/** The column has no limit; a table shows one line of it. */
const SUMMARY_CHARS = 1_000;

/** Columns of the table, without those that the database fills in (migrations.ts). */
export const COLUMNS = [
  'key',
  'state',
  'state_rank',
  'state_at',
  'sent_at',
  'occurred_at',
  'started_at',
  'finished_at',
  'succeeded_at',
  'received_at',
  'end_reason',
  'change_type',
  'risk_level',
  'summary',
  'description',
  'service',
  'environment',
  'tier',
  'repository',
  'repository_url',
  'ref',
  'ref_type',
  'commit_sha',
  'commit_title',
  'commit_author',
  'commit_url',
  'committed_at',
  'change_request',
  'change_request_url',
  'change_request_title',
  'pipeline_url',
  'job',
  'job_url',
  'actor',
  'artifacts',
  'tags',
  'replaced_deployment',
  'replaced_commit',
  'compare_url',
  'owner_team',
  'owner_channel',
  'owner_runbook',
  'owner_on_call',
  'source',
  'page_url',
  'record',
] as const;
type Column = (typeof COLUMNS)[number];

/** The value of each column. `record` is all of it, for what has no column. */
export function toRow(deployment: Deployment, { now, pageUrl }: RowOptions): Row {
  const reported = normalized(boundRecord(deployment));
  const columns: Readonly<Record<Column, unknown>> = {
    ...stateColumns(reported, now),
    ...changeColumns(reported),
    ...originColumns(reported),
    ...ownerColumns(reported),
    key: reported.key,
    service: reported.service,
    environment: reported.environment.name,
    tier: reported.environment.tier,
    artifacts: reported.artifacts,
    tags: reported.tags,
    source: reported.reportedSource ?? reported.source,
    page_url: pageUrl,
    record: withoutEmpty(reported),
  };
  return Object.fromEntries(
    COLUMNS.flatMap((name) => (columns[name] === undefined ? [] : [[name, storable(columns[name])]])),
  ) as Row; // what is known of the columns
}

function stateColumns(deployment: Deployment, now: Date) {
  const { state, occurredAt, startedAt, finishedAt, succeededAt, receivedAt, endReason } = deployment;
  return {
    state,
    state_rank: RANK[state],
    state_at: momentOf(deployment).at,
    sent_at: now.toISOString(),
    occurred_at: occurredAt,
    started_at: startedAt,
    finished_at: finishedAt,
    succeeded_at: succeededAt,
    received_at: receivedAt,
    end_reason: endReason,
  };
}

function changeColumns(deployment: Deployment) {
  const { changeType, riskLevel, description, commit, pullRequest, replaced } = deployment;
  return {
    change_type: changeType,
    risk_level: riskLevel,
    summary: cutText(headline(deployment), SUMMARY_CHARS),
    description,
    commit_sha: commit?.sha,
    commit_title: commit?.title,
    commit_author: commit?.author,
    commit_url: commit?.url,
    committed_at: commit?.committedAt,
    change_request: pullRequest?.number,
    change_request_url: pullRequest?.url,
    change_request_title: pullRequest?.title,
    replaced_deployment: replaced?.deployment,
    replaced_commit: replaced?.sha,
    compare_url: replaced?.compareUrl,
  };
}

function originColumns({ repository, ref, tag, pipelineUrl, job, jobUrl, actor }: Deployment) {
  return {
    repository: repository?.name,
    repository_url: repository?.url,
    ref,
    ref_type: ref === undefined || tag === undefined ? undefined : tag ? 'tag' : 'branch',
    pipeline_url: pipelineUrl,
    job,
    job_url: jobUrl,
    actor,
  };
}

function ownerColumns({ owner }: Deployment) {
  return {
    owner_team: owner?.team,
    owner_channel: owner?.channel,
    owner_runbook: owner?.runbook,
    owner_on_call: owner?.on_call,
  };
}

/** U+0000 is no character to PostgreSQL, in a text as in JSON, nor is half a surrogate pair: in names as well. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value).replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [storable(name), storable(part)]));
}

/** Unknown values are left out: no empty list, and no empty object. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, withoutEmpty(part)] as const);
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined && !isEmpty(part)));
}

const isEmpty = (part: unknown): boolean => typeof part === 'object' && part !== null && Object.keys(part).length === 0;

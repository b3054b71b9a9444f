import { z } from 'zod';
import type { Json } from '../../values/json.ts';

/** The fields that a mapping may fill in, and their names in the record as `explain` shows them. */
export const FIELDS = {
  id: undefined,
  state: 'state',
  environment: 'environment.name',
  environment_url: 'environment.url',
  tier: 'environment.tier',
  service: 'service',
  service_id: 'serviceId',
  change_type: 'changeType',
  risk_level: 'riskLevel',
  summary: 'summary',
  description: 'description',
  repository: 'repository.name',
  repository_id: 'repository.id',
  gitlab_project: 'repository.gitlabProject',
  ref: 'ref',
  tag: 'tag',
  commit: 'commit.sha',
  commit_message: 'commit.title',
  commit_author: 'commit.author',
  pipeline_url: 'pipelineUrl',
  pipeline_id: undefined,
  job: 'job',
  job_url: 'jobUrl',
  pull_request: 'pullRequest.number',
  pull_request_url: undefined,
  actor: 'actor',
  artifacts: 'artifacts',
  tags: 'tags',
  external_id: undefined,
  occurred_at: 'occurredAt',
  started_at: 'startedAt',
  finished_at: 'finishedAt',
} as const satisfies Readonly<Record<string, string | undefined>>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as readonly FieldName[]; // exactly its keys
export const FieldName = z.enum(FIELD_NAMES as [FieldName, ...FieldName[]]); // there is at least one

/** The values of an event's fields in a payload. */
export type Values = Readonly<Partial<Record<FieldName, Json>>>;

import { z } from 'zod';
import { ChangeRecord, ChangeType, RiskLevel, State, Tier } from '../../domain/change-record.ts';
import { Time } from '../../values/time.ts';
import { Owner } from './shared.ts';

/** Whether a deployment that succeeded still runs, or `next` replaced it. Absent: it did not succeed. */
export const RunningStatus = z.strictObject({
  is_current: z.boolean(),
  next: z
    .strictObject({ deployment: z.string(), change_type: ChangeType, at: Time, changed_by: z.string().nullable() })
    .optional(),
});

export const Change = z.strictObject({
  id: z.string(),
  deployment: z.string(),
  status: State,
  summary: z.string(),
  change_type: ChangeType,
  description: z.string().nullable(),
  source: z.string(),
  environment: z.string(),
  environment_tier: Tier.nullable(),
  environment_url: z.string().nullable(),
  service: z.string(),
  service_id: z.string().nullable(),
  repository: z.string().nullable(),
  /** Branch or tag. */
  branch: z.string().nullable(),
  /** Set where the tool reported that it is a tag. */
  tag: z.string().nullable(),
  commit_sha: z.string().nullable(),
  commit_message: z.string().nullable(),
  commit_url: z.string().nullable(),
  pr_number: z.string().nullable(),
  pr_url: z.string().nullable(),
  pipeline_url: z.string().nullable(),
  job: z.string().nullable(),
  job_url: z.string().nullable(),
  risk_level: RiskLevel,
  changed_by: z.string().nullable(),
  external_id: z.string(),
  artifacts: z.array(z.string()),
  manifests: ChangeRecord.shape.manifests.unwrap().nullable(),
  owner: Owner.nullable(),
  replaced: z
    .strictObject({
      deployment: z.string(),
      commit_sha: z.string().nullable(),
      compare_url: z.string().nullable(),
      /** Its images and chart versions. */
      artifacts: z.array(z.string()),
    })
    .nullable(),
  /** Why it has not ended yet, where that is known. */
  waiting: z.string().nullable(),
  /** The time from which it is stale, while it has not ended. */
  stale_after: Time.nullable(),
  original: z.strictObject({ environment: z.string().optional(), service: z.string().optional() }).nullable(),
  tags: z.array(z.string()),
  notes: z.array(z.string()),
  occurred_at: Time,
  started_at: Time.nullable(),
  finished_at: Time.nullable(),
  duration_seconds: z.int().nonnegative().nullable(),
  created_at: Time,
  /** In lists as JSON, with a token that reads the whole change log, where it is known within 50 ms. */
  running: RunningStatus.optional(),
});
export type Change = z.infer<typeof Change>;

/** The answer of Alert24's `POST /api/v1/changes`; `job_url`, `status`, `service`, `notes` and `duplicate` are ours. */
export const CreatedChange = z.strictObject({
  id: z.string(),
  summary: z.string(),
  service_id: z.string().nullable(),
  change_type: ChangeType,
  description: z.string().nullable(),
  source: z.string().nullable(),
  commit_sha: z.string().nullable(),
  commit_message: z.string().nullable(),
  branch: z.string().nullable(),
  pr_number: z.string().nullable(),
  pr_url: z.string().nullable(),
  pipeline_url: z.string().nullable(),
  job_url: z.string().optional(),
  environment: z.string(),
  risk_level: RiskLevel,
  changed_by: z.string().nullable(),
  external_id: z.string().nullable(),
  tags: z.array(z.string()),
  created_at: Time,
  status: State,
  service: z.string(),
  notes: z.array(z.string()),
  /** It repeats what was acknowledged before. */
  duplicate: z.literal(true).optional(),
});

import { z } from 'zod';
import { Url } from '../../values/url.ts';
import { DeploymentStatus, Flag, Id, maybe, Text, TierOrNothing, User } from './schema.ts';

/** GitLab: lib/api/entities/commit.rb. */
export const Commit = z.object({
  id: Text,
  title: Text,
  message: Text,
  author_name: Text,
  committed_date: Text,
  web_url: Url,
});
export type Commit = z.output<typeof Commit>;

/** GitLab: lib/api/entities/ci/job.rb. Null for a deployment that was made by the API. */
const Deployable = maybe(
  z.object({
    id: Id,
    name: Text,
    tag: Flag,
    /** Null: it did not begin. */
    started_at: z.string().nullish().catch(undefined),
    finished_at: Text,
    web_url: Url,
    user: User,
    commit: maybe(Commit),
    pipeline: maybe(z.object({ id: Id, web_url: Url })),
  }),
);

export const ApiStatus = DeploymentStatus.exclude(['approved', 'rejected']);
export type ApiStatus = z.output<typeof ApiStatus>;

/**
 * GitLab: lib/api/entities/deployment.rb; `approvals` with Premium. It has neither `tag` nor `finished_at` of its own.
 */
export const DeploymentRow = z.object({
  id: Id,
  status: Text,
  ref: Text,
  sha: Text,
  created_at: Text,
  updated_at: Text,
  user: User,
  environment: maybe(z.object({ name: Text, external_url: Url, tier: TierOrNothing })),
  deployable: Deployable,
  /** With Premium: how many approvals it waits for. */
  pending_approval_count: z.number().nullish().catch(undefined),
  approvals: z
    .array(maybe(z.object({ status: Text, user: User })))
    .nullish()
    .catch(undefined),
});
export type DeploymentRow = z.output<typeof DeploymentRow>;

export const MergeRequest = z.object({
  iid: Id,
  title: Text,
  state: Text,
  web_url: Url,
  created_at: Text,
  merged_at: Text,
  source_branch: Text,
});
export type MergeRequest = z.output<typeof MergeRequest>;

export const Diff = z.object({ new_path: Text });

export const ProjectActivity = z.object({ last_activity_at: Text });

/** GitLab: lib/api/entities/project_hook.rb. Tokens are never shown. */
export const Hook = z.object({
  id: Id,
  url: Text,
  deployment_events: Flag,
  push_events: Flag,
  job_events: Flag,
  pipeline_events: Flag,
  enable_ssl_verification: Flag,
  alert_status: Text,
  disabled_until: Text,
  token_present: Flag,
  signing_token_present: Flag,
  custom_webhook_template: Text,
});
export type Hook = z.output<typeof Hook>;

/** One delivery of a webhook, as GitLab remembers it. `created_at` came later than the list. */
export const HookEvent = z.object({
  id: Id,
  trigger: Text,
  created_at: Text,
  request_headers: maybe(z.object({ 'Idempotency-Key': Text })),
  request_data: maybe(z.object({ status_changed_at: Text })),
});
export type HookEvent = z.output<typeof HookEvent>;

/** The rows of a list that are objects at all. */
export function rowsOf<T extends z.ZodType>(shape: T, json: unknown): z.output<T>[] {
  if (!Array.isArray(json)) return [];
  return json.flatMap((row: unknown) => {
    const parsed = shape.safeParse(row);
    return parsed.success ? [parsed.data] : [];
  });
}

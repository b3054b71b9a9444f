import { z } from 'zod';
import { Tier } from '../../domain/change-record.ts';
import { listOf, NAME_CHARS, textUnless } from '../../values/text.ts';
import { Url } from '../../values/url.ts';

/**
 * A field that may be missing or of the wrong type without costing the deployment. Custom templates render a missing
 * value as ''.
 */
export const Text = textUnless(() => false);

/**
 * Job ids passed 2^32 in 2026, and custom templates send numbers as text. Beyond 2^53 a JSON number is no longer exact.
 */
export const Id = z.transform((value: unknown): string | undefined => {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  return typeof value === 'string' && /^[1-9]\d{0,19}$/.test(value) ? value : undefined;
});

const WrittenFlag = z.stringbool();
export const Flag = z.transform((value: unknown): boolean | undefined =>
  typeof value === 'boolean' ? value : readAs(WrittenFlag, value),
);
export const TierOrNothing = z.transform((value: unknown) => readAs(Tier, value));

/** Here null and missing differ: a job with `started_at: null` did not start; without the key it is unknown. */
const Time = z.transform((value: unknown): string | null | undefined =>
  value === null || (typeof value === 'string' && value.length <= NAME_CHARS) ? value : undefined,
);
const Duration = z.transform((value: unknown): number | null | undefined =>
  value === null || (typeof value === 'number' && Number.isFinite(value)) ? value : undefined,
);

/** An object that may be missing, null or of another type. */
export const maybe = <T extends z.ZodType>(shape: T) =>
  z.transform((value: unknown): z.output<T> | undefined => readAs(shape, value));

/** Undefined: it is missing, null or something else. */
const readAs = <T extends z.ZodType>(shape: T, value: unknown): z.output<T> | undefined =>
  value == null ? undefined : shape.safeParse(value).data;

const EnvironmentFields = z.object({ name: Text, action: Text, deployment_tier: TierOrNothing });
/** Absent, null, a name, or an object without or with the tier, by version. `action` came with the object. */
const Environment = z.transform((value: unknown): z.output<typeof EnvironmentFields> | undefined =>
  readAs(EnvironmentFields, typeof value === 'string' ? { name: value } : value),
);
export type Environment = z.output<typeof Environment>;

export const User = maybe(z.object({ username: Text, name: Text }));
export type User = z.output<typeof User>;

const ProjectFields = z.object({
  id: Id,
  name: Text,
  web_url: Url,
  homepage: Url,
  git_http_url: Url,
  path_with_namespace: Text,
});
/** A custom template may write the path or the id in its place. */
const Project = z.transform((value: unknown): z.output<typeof ProjectFields> | undefined =>
  readAs(ProjectFields, typeof value === 'string' || typeof value === 'number' ? calledProject(value) : value),
);

function calledProject(called: string | number) {
  const id = Id.parse(called);
  if (id !== undefined) return { id };
  return String(called).includes('/') ? { path_with_namespace: called } : { name: called };
}

/** What names the project, in all three kinds. GitLab: lib/gitlab/data_builder/. */
export const Origin = z.object({
  project: Project,
  /** Custom templates alone. */
  project_path: Text,
  path_with_namespace: Text,
  /** Job hooks; until GitLab 15 they had no `project`. */
  project_id: Id,
  project_name: Text,
  repository: maybe(z.object({ name: Text, homepage: Url, git_http_url: Url, git_ssh_url: Text })),
  /** Only to find the host when nothing else names it. */
  deployable_url: Url,
  commit_url: Url,
});
export type Origin = z.output<typeof Origin>;

/**
 * GitLab: app/models/deployment.rb. approved and rejected are approvals, sent since 2026; created and skipped never
 * are.
 */
export const DeploymentStatus = z.enum([
  'created',
  'running',
  'success',
  'failed',
  'canceled',
  'skipped',
  'blocked',
  'approved',
  'rejected',
]);
export type DeploymentStatus = z.output<typeof DeploymentStatus>;

/** GitLab: lib/gitlab/data_builder/deployment.rb. */
export const DeploymentHook = Origin.extend({
  status: Text,
  status_changed_at: Text,
  deployment_id: Id,
  deployable_id: Id,
  environment: Environment,
  environment_tier: TierOrNothing,
  environment_external_url: Url,
  short_sha: Text,
  user: User,
  commit_title: Text,
  ref: Text,
  approver: User,
  approval: maybe(z.object({ id: Id })),
});
export type DeploymentHook = z.output<typeof DeploymentHook>;

/** GitLab: app/models/concerns/ci/has_status.rb. */
export const JobStatus = z.enum([
  'created',
  'waiting_for_resource',
  'preparing',
  'waiting_for_callback',
  'pending',
  'running',
  'canceling',
  'success',
  'failed',
  'canceled',
  'skipped',
  'manual',
  'scheduled',
]);
export type JobStatus = z.output<typeof JobStatus>;

/** The pipeline that started this one; of the same project: this one is its child. Both hooks of jobs have it. */
const SourcePipeline = maybe(
  z.object({ project: maybe(z.object({ id: Id, path_with_namespace: Text })), pipeline_id: Id }),
);
export type SourcePipeline = z.output<typeof SourcePipeline>;

/** GitLab: lib/gitlab/data_builder/build.rb. `commit.id` is the id of the pipeline. */
export const JobHook = Origin.extend({
  build_id: Id,
  build_name: Text,
  build_status: Text,
  build_failure_reason: Text,
  build_started_at: Time,
  build_started_at_iso: Time,
  build_finished_at: Time,
  build_finished_at_iso: Time,
  build_duration: Duration,
  pipeline_id: Id,
  ref: Text,
  tag: Flag,
  sha: Text,
  user: User,
  commit: maybe(z.object({ id: Id, sha: Text, message: Text, author_name: Text })),
  environment: Environment,
  source_pipeline: SourcePipeline,
});
export type JobHook = z.output<typeof JobHook>;

export const Build = z.object({
  id: Id,
  name: Text,
  status: Text,
  failure_reason: Text,
  started_at: Time,
  finished_at: Time,
  duration: Duration,
  user: User,
  environment: Environment,
});
export type Build = z.output<typeof Build>;

/** GitLab: lib/gitlab/data_builder/pipeline.rb. `variables` may hold secrets and is not read. */
export const PipelineHook = Origin.extend({
  object_attributes: maybe(z.object({ id: Id, ref: Text, tag: Flag, sha: Text, url: Url })),
  merge_request: maybe(z.object({ iid: Id, title: Text, url: Url })),
  user: User,
  commit: maybe(
    z.object({
      id: Text,
      title: Text,
      message: Text,
      timestamp: Text,
      url: Url,
      author: maybe(z.object({ name: Text })),
    }),
  ),
  builds: listOf(maybe(Build)).nullish().catch(undefined),
  source_pipeline: SourcePipeline,
});
export type PipelineHook = z.output<typeof PipelineHook>;

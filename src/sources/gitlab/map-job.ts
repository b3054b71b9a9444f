import { type NewChangeRecord, recordId, type State, withDoubts } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { gitlabJobUrl, gitlabPipelineUrl } from '../../forges/gitlab.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped } from '../mapped.ts';
import { jobKey, type Project, projectOf } from './project.ts';
import { type Context, commitOf, type Ignored, ignored, NO_TIME, originOf, personOf } from './record.ts';
import { refFacts } from './ref.ts';
import {
  type Build,
  type Environment,
  type JobHook,
  JobStatus,
  type PipelineHook,
  type SourcePipeline,
} from './schema.ts';
import { JOB_STATES } from './states.ts';

/**
 * Why a job failed before anything was deployed, also where its times are missing. GitLab:
 * app/models/concerns/enums/ci/commit_status.rb.
 */
const NEVER_RAN: ReadonlySet<string | undefined> = new Set([
  'failed_outdated_deployment_job',
  'forward_deployment_failure',
]);

/** A job of either hook, in one shape. */
interface Job {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly status: string | undefined;
  readonly failureReason: string | undefined;
  /** null: GitLab says that it did not start. undefined: GitLab does not say. */
  readonly startedAt: string | null | undefined;
  readonly finishedAt: string | null | undefined;
  readonly duration: number | null | undefined;
  readonly environment: Environment;
}

interface JobStep {
  readonly kind: 'step';
  readonly state: State;
  readonly neverRan: boolean;
  readonly environment: NewChangeRecord['environment'];
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** The newer field first. null takes precedence over missing, since it has a meaning. */
const eitherOf = (iso: string | null | undefined, old: string | null | undefined) =>
  iso ?? (old === undefined ? iso : old);

/**
 * There is no lookup for either kind of hook: the open questions could only be answered by the Deployments API, with a
 * deployment id that these hooks do not have. A deployment hook of the same job asks, and deployments that no hook
 * reported are found by `missed`.
 */
export function mapJob(hook: JobHook, context: Context): Mapped {
  const step = stepOf({
    id: hook.build_id,
    name: hook.build_name,
    status: hook.build_status,
    failureReason: hook.build_failure_reason,
    startedAt: eitherOf(hook.build_started_at_iso, hook.build_started_at),
    finishedAt: eitherOf(hook.build_finished_at_iso, hook.build_finished_at),
    duration: hook.build_duration,
    environment: hook.environment,
  });
  if (step.kind === 'ignored') return step;
  const project = projectOf(hook, context.webhook);
  if (!project) return ignored('unmapped', 'The job hook names no project: neither an id nor a path.');
  if (!hook.build_id) return ignored('unmapped', 'The job hook has no build_id.');
  const { commit } = hook;
  const sha = hook.sha ?? commit?.sha;
  // `commit.id` is the id of the pipeline, and the only one that the first versions sent.
  const pipelineId = hook.pipeline_id ?? commit?.id;
  const record: NewChangeRecord = {
    ...recordOf(step, {
      job: { id: hook.build_id, name: hook.build_name },
      signal: 'job hook',
      project,
      context,
      actor: personOf(hook.user),
    }),
    ...refFacts({ ref: hook.ref, tag: hook.tag, message: commit?.message }, project),
    ...commitOf({
      sha,
      title: firstLine(commit?.message),
      message: commit?.message,
      url: undefined,
      author: commit?.author_name,
      committedAt: undefined,
    }),
    ...(project.url && pipelineId && { pipelineUrl: gitlabPipelineUrl(project.url, pipelineId) }),
    ...parentOf(hook.source_pipeline, project),
  };
  return { kind: 'records', records: [record] };
}

/** One record for each job that deploys and has started. The pipeline's own status does not describe them. */
export function mapPipeline(hook: PipelineHook, context: Context): Mapped {
  const builds = (hook.builds ?? []).filter((build) => build != null);
  const steps = builds.map((build) => ({ build, step: stepOf(jobOf(build)) }));
  const reasons = steps.flatMap(({ step }) => (step.kind === 'ignored' ? [step] : []));
  if (reasons.length === steps.length) return bestOf(reasons);
  const project = projectOf(hook, context.webhook);
  if (!project) return ignored('unmapped', 'The pipeline hook names no project: neither an id nor a path.');
  const shared = sharedByBuilds(hook, project);
  const records = steps.flatMap(({ build, step }) => {
    if (step.kind === 'ignored' || !build.id) return [];
    const actor = personOf(build.user) ?? personOf(hook.user);
    return [
      {
        ...recordOf(step, {
          job: { id: build.id, name: build.name },
          signal: 'pipeline hook',
          project,
          context,
          actor,
        }),
        ...shared,
      },
    ];
  });
  return records.length > 0
    ? { kind: 'records', records }
    : ignored('unmapped', 'The job that deploys has no id in the pipeline hook.');
}

function sharedByBuilds(hook: PipelineHook, project: Project): Partial<NewChangeRecord> {
  const { object_attributes: pipeline, merge_request: request, commit } = hook;
  const builtUrl = project.url && pipeline?.id && gitlabPipelineUrl(project.url, pipeline.id);
  const pipelineUrl = pipeline?.url ?? builtUrl;
  return {
    ...refFacts({ ref: pipeline?.ref, tag: pipeline?.tag, message: commit?.message }, project),
    ...commitOf({
      sha: pipeline?.sha ?? commit?.id,
      title: commit?.title ?? firstLine(commit?.message),
      message: commit?.message,
      url: commit?.url,
      author: commit?.author?.name,
      committedAt: toIso(commit?.timestamp),
    }),
    ...(pipelineUrl && { pipelineUrl }),
    ...parentOf(hook.source_pipeline, project),
    ...(request?.iid && {
      pullRequest: {
        number: request.iid,
        ...(request.url && { url: request.url }),
        ...(request.title && { title: request.title }),
      },
    }),
  };
}

/** Only for a child pipeline: that of another project deploys another commit. */
function parentOf(source: SourcePipeline, { id, path, url }: Project): Pick<NewChangeRecord, 'parentPipelineUrl'> {
  const isChild = source?.project?.id === id || (path && source?.project?.path_with_namespace === path);
  return isChild && url && source?.pipeline_id ? { parentPipelineUrl: gitlabPipelineUrl(url, source.pipeline_id) } : {};
}

function recordOf(
  step: JobStep,
  reported: {
    job: { id: string; name: string | undefined };
    signal: string;
    project: Project;
    context: Context;
    actor: string | undefined;
  },
): NewChangeRecord {
  const { job, signal, project, context, actor } = reported;
  const key = jobKey(project, job.id);
  const at = isFinal(step.state) ? step.finishedAt : step.startedAt;
  return {
    id: recordId(key, step.state, signal, at ?? ''),
    ...originOf(project, context),
    deployment: key,
    signal,
    authoritative: false,
    state: step.state,
    ...(step.neverRan && { endReason: 'never_ran' }),
    environment: step.environment,
    ...(job.name && { job: job.name }),
    ...(project.url && { jobUrl: gitlabJobUrl(project.url, job.id) }),
    ...(actor && { actor }),
    occurredAt: at ?? context.webhook.receivedAt.toISOString(),
    ...(step.startedAt && { startedAt: step.startedAt }),
    ...(step.finishedAt && { finishedAt: step.finishedAt }),
    notes: at ? [] : [NO_TIME],
    ...withDoubts(at ? {} : { occurredAt: NO_TIME }),
  };
}

/** Does this job deploy, and has it begun to? */
function stepOf(job: Job): JobStep | Ignored {
  const { environment } = job;
  const called = `Job "${(job.name ?? job.id ?? '?').slice(0, 80)}"`;
  if (!environment?.name) return ignored('no_environment', `${called} has no environment: it deploys nothing.`);
  // Before the action was sent there were only starts. GitLab: app/models/ci/processable.rb, deployment_job?.
  if (environment.action && environment.action !== 'start') {
    return ignored('not_a_start', `${called} does "${environment.action.slice(0, 80)}" to ${environment.name}.`);
  }
  if (job.status === undefined) return ignored('unmapped', `${called} has no status: a custom template lacks it.`);
  const status = JobStatus.safeParse(job.status).data;
  if (status === undefined) {
    return ignored('unknown_status', `${called} has a status "${job.status?.slice(0, 80) ?? ''}" not known here.`);
  }
  const reported = JOB_STATES[status];
  if (reported === undefined) return ignored('not_started', `${called} is ${status}: it has deployed nothing.`);
  const started = hasStarted(job, reported);
  if (started === 'unknown') return ignored('not_started', `${called} is ${status}, and perhaps never started.`);
  const state = started ? reported : 'canceled';
  const startedAt = toIso(job.startedAt);
  const finishedAt = isFinal(state) ? toIso(job.finishedAt) : undefined;
  return {
    kind: 'step',
    state,
    neverRan: !started,
    environment: {
      name: environment.name,
      ...(environment.deployment_tier && { tier: environment.deployment_tier }),
    },
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
  };
}

/**
 * Jobs also end without having started: canceled while they waited, or failed because a newer one existed or no runner
 * came. Then nothing was deployed. Without the field for the start, a duration shows it; otherwise only a cancellation
 * is doubtful.
 */
function hasStarted(job: Job, state: State): boolean | 'unknown' {
  if (state === 'running' || job.startedAt) return true;
  const never = state === 'succeeded' ? 'unknown' : false;
  if (NEVER_RAN.has(job.failureReason) || job.startedAt === null || job.startedAt === '') return never;
  if (job.duration !== undefined) return (job.duration ?? 0) > 0 || never;
  return state === 'canceled' ? 'unknown' : true;
}

const jobOf = (build: Build): Job => ({
  id: build.id,
  name: build.name,
  status: build.status,
  failureReason: build.failure_reason,
  startedAt: build.started_at,
  finishedAt: build.finished_at,
  duration: build.duration,
  environment: build.environment,
});

/** The reason that explains best why a pipeline makes no change: the one that came closest to a deployment. */
function bestOf(reasons: readonly Ignored[]): Ignored {
  const order = ['not_started', 'unknown_status', 'not_a_start'];
  const best = order.map((reason) => reasons.find((one) => one.reason === reason)).find((one) => one !== undefined);
  return best ?? ignored('no_environment', 'No job of the pipeline has an environment: it deploys nothing.');
}

const firstLine = (message: string | undefined): string | undefined => message?.split('\n', 1)[0]?.trim() || undefined;

import { hash } from 'node:crypto';
import { z } from 'zod';
import { Time } from '../values/time.ts';

/** The state of a deployment, in the order of its life: states only move forward (deployment.ts). */
export const State = z.enum(['pending', 'running', 'succeeded', 'failed', 'canceled']);
export type State = z.infer<typeof State>;

/** Alert24's vocabulary, which the change log shares, so that existing `curl` calls keep their meaning. */
export const ChangeType = z.enum([
  'deployment',
  'config_change',
  'infrastructure',
  'code',
  'database_migration',
  'feature_flag',
  'rollback',
  'scaling',
  'security_patch',
  'other',
]);
export type ChangeType = z.infer<typeof ChangeType>;

export const RiskLevel = z.enum(['low', 'medium', 'high', 'critical']);
export type RiskLevel = z.infer<typeof RiskLevel>;

export const Tier = z.enum(['production', 'staging', 'testing', 'development', 'other']);
export type Tier = z.infer<typeof Tier>;

export const EndReason = z.enum(['superseded', 'never_ran']);
export type EndReason = z.infer<typeof EndReason>;

/**
 * Which kind of witness saw it: `job` the tool that runs the job, `report` the job itself by a post of its own, `sync`
 * a controller that brought a cluster to a commit. Several of them may see one deployment.
 */
export const Witness = z.enum(['job', 'report', 'sync']);
export type Witness = z.infer<typeof Witness>;

/**
 * A deployment that was created with GitLab's Deployments API, without a CI job.
 * It may be our own write coming back as a webhook; only the worker can tell (store/deliveries/echoes.ts).
 */
export const MadeByApi = z.object({
  /** Every name the project goes by: its numeric id and its full path, lower case. */
  projects: z.array(z.string()),
  deploymentId: z.string(),
  environment: z.string(),
  /** First 8 hex digits: a webhook about a deleted commit contains no more. */
  shortSha: z.string().optional(),
});
export type MadeByApi = z.infer<typeof MadeByApi>;

/**
 * Some tools number their deployments and keep the last few. A number that was never reported is a deployment whose
 * signal was lost; only the worker can tell (store/changes/serial-history.ts).
 */
export const History = z.object({
  /** Whose history: an Argo CD application. */
  of: z.string(),
  /** The number that this deployment has there. Absent while it has none: it still runs, or it failed. */
  id: z.number().int().nonnegative().optional(),
  /** The highest number that was shown together with it. Absent: none was. */
  newest: z.number().int().nonnegative().optional(),
  /** When the deployment with the number before was made: this one started later. */
  after: Time.optional(),
  /** When it was applied, which may be long before it ended. */
  appliedAt: Time.optional(),
  /** Read from the history, not delivered: counts only where it fills a gap. */
  recovered: z.literal(true).optional(),
  /** What was deployed, as the tool writes it. A retry of the same operation may deploy another revision. */
  revision: z.string().optional(),
  /** The number of the retry. Absent: it is the first try. */
  attempt: z.number().int().positive().optional(),
  /** When it was reported, by the sender's clock. */
  toldAt: Time.optional(),
  /** An operation beside the others: it supersedes none. */
  aside: z.literal(true).optional(),
  /** Longer ago than the source accepts: counts only for a deployment whose beginning is known. */
  late: z.literal(true).optional(),
  /** When the application itself was deleted: nothing continues after that. */
  endedAt: Time.optional(),
});
export type History = z.infer<typeof History>;

/**
 * Notes about what a signal does not know, or had to infer. Another signal about the same deployment refutes them by
 * saying it; until then they are among its `notes`, too.
 */
export const Doubts = z
  .object({
    actor: z.string(),
    occurredAt: z.string(),
    environment: z.string(),
    commit: z.string(),
    service: z.string(),
  })
  .partial();
export type Doubts = z.infer<typeof Doubts>;

/** For a record: nothing, unless there is a doubt. */
export const withDoubts = (doubts: Doubts): { readonly doubts?: Doubts } =>
  Object.values(doubts).some((note) => note !== undefined) ? { doubts } : {};

/**
 * One step in the life of one deployment, in our terms. Unknown stays absent: never '', null or a guess without a note.
 */
export const ChangeRecord = z.object({
  /** The same step always has the same id, however often and by whichever signal it is reported. */
  id: z.string(),
  /** The deployment key: what makes several signals one deployment. */
  deployment: z.string(),
  /** Other names by which somebody may search for it. */
  aliases: z.array(z.string()).default([]),
  /**
   * Which deployment of this key, when the source has a second number for it. Job ids come again after a GitLab was
   * restored from a backup, under another deployment id: that is another deployment. A signal that does not know the
   * number belongs to the first.
   */
  occurrence: z.string().optional(),
  /**
   * The key is made of what the sender says, not of a run: an identical post is the same deployment, until something
   * else has run there (recording/repeats.ts).
   */
  repeatable: z.literal(true).optional(),
  /**
   * Beside `repeatable`: a controller reports at intervals that the same revision is in place. However long ago it
   * first did, that is the same deployment while nothing else ran there.
   */
  periodic: z.literal(true).optional(),
  /**
   * Beside `repeatable`: the key names this run, and `base` is the key of signals that do not know the run, such as a
   * start without a time. Different runs are different deployments, however close.
   */
  base: z.string().optional(),
  /**
   * Beside `base`: the time that names the run may be when the report was sent. A success that follows a report of bad
   * health is then the recovery, not another run.
   */
  runIsUncertain: z.literal(true).optional(),
  /** Beside `repeatable`: a job posts one end. The other one is that of its retry, which is another deployment. */
  endsOnce: z.literal(true).optional(),
  /** The key of a start or an end of the same run that does not know what is deployed. */
  baseOfStart: z.string().optional(),
  /**
   * It says whether the service is healthy when it is sent: a success that comes again after a report of bad health is
   * the recovery, not a repeat.
   */
  reportsHealth: z.literal(true).optional(),
  /** It repeats an identical post about the same deployment. */
  repeated: z.literal(true).optional(),
  /** The kind of tool that reported it: gitlab, bitbucket, argocd or changes-api. */
  source: z.string(),
  /** The name of the configured source that received it. */
  instance: z.string(),
  /** Which of the source's signals this is, in the terms of the field: "deployment hook", "job hook". */
  signal: z.string(),
  /** True for the signal with the most reliable information; the others only fill in what it leaves open. */
  authoritative: z.boolean(),
  state: State,
  /** An approver rejected it. The `failed` that GitLab sends afterwards is the same outcome, not another one. */
  rejected: z.literal(true).optional(),
  /**
   * Why it was canceled: another deployment superseded it before it ended, or it ended before it began. The first is an
   * inference, which any end that a tool reports outweighs.
   */
  endReason: EndReason.optional(),
  /**
   * The kind of witness that reported it. Absent: an earlier release wrote it, or no other tool reports the same
   * deployment.
   */
  witness: Witness.optional(),
  /**
   * For a deployment that several jobs or steps carry out together: what they have in common, by which they are joined,
   * and which part this is. Without `part` it is about the whole; `by` is then the part that reported it, if one did.
   */
  stage: z.object({ of: z.string(), part: z.string().optional(), by: z.string().optional() }).optional(),
  /** Of a sync: the application that it brought to a revision, which runs one sync at a time. */
  app: z.string().optional(),
  /** The key that the source gave it, when it reports a deployment that another tool reported as well (join.ts). */
  joinedFrom: z.string().optional(),
  changeType: ChangeType.default('deployment'),
  riskLevel: RiskLevel.optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  /** `unknown` is a name like any other; an environment is never silently "production". */
  environment: z.object({ name: z.string(), tier: Tier.optional(), url: z.string().optional() }),
  service: z.string(),
  serviceId: z.string().optional(),
  repository: z
    .object({
      name: z.string(),
      /** The host and the forge's own id, `git.example.com:77`: it stays when the repository is renamed or moved. */
      id: z.string().optional(),
      /** Only in a view: the first name under which it is known, where it has another one now. */
      formerly: z.string().optional(),
      url: z.string().optional(),
      gitlabProject: z.string().optional(),
      /** A project was named that the source may not write to: it goes to none (project-limit.ts). */
      projectDenied: z.literal(true).optional(),
    })
    .optional(),
  /** Branch or tag name. */
  ref: z.string().optional(),
  /** Whether `ref` is a tag. Absent when the source does not say. */
  tag: z.boolean().optional(),
  commit: z
    .object({
      sha: z.string().optional(),
      title: z.string().optional(),
      message: z.string().optional(),
      url: z.string().optional(),
      author: z.string().optional(),
      committedAt: Time.optional(),
    })
    .optional(),
  /**
   * The revision that GitOps rolled out, when `commit` is the application's: the manifests' own repository and
   * revision. A manifest commit is unknown to the application's project.
   */
  manifests: z
    .object({
      repository: z.string().optional(),
      url: z.string().optional(),
      revision: z.string().optional(),
      /** The manifests were generated from a commit alone: the same revision always belongs to the same commit. */
      rendered: z.literal(true).optional(),
    })
    .optional(),
  pipelineUrl: z.string().optional(),
  /** The pipeline of the same project that started this one as a part of itself. */
  parentPipelineUrl: z.string().optional(),
  /** The forge's own id of the pipeline, where the sender knows no address. */
  pipelineId: z.string().optional(),
  /** Name of the job or step that deployed. */
  job: z.string().optional(),
  jobUrl: z.string().optional(),
  pullRequest: z.object({ number: z.string(), url: z.string().optional(), title: z.string().optional() }).optional(),
  actor: z.string().optional(),
  /** Images and chart versions that were rolled out. */
  artifacts: z.array(z.string()).default([]),
  /** Files or directories of the repository that the change touches, for rules. At most 100. */
  paths: z.array(z.string()).default([]),
  /** When this step happened, by the sender's clock. */
  occurredAt: Time,
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  receivedAt: Time,
  /** The webhook that reported it, in the inbox. Absent for what a tool's API was asked for. */
  webhook: z.string().optional(),
  tags: z.array(z.string()).default([]),
  /** Facts that only rules read: where it was deployed to, as the tool writes it. */
  labels: z.record(z.string(), z.string()).optional(),
  /** Why it has not ended yet, a sentence for a person. Ignored for a deployment that has ended. */
  waiting: z.string().optional(),
  /** What was inferred or is missing, and how: sentences for a person. */
  notes: z.array(z.string()).default([]),
  /** Those of its notes that another signal may refute. */
  doubts: Doubts.optional(),
  /** What the source itself called the tool (changes API: `source`), shown instead of `source`. */
  reportedSource: z.string().optional(),
  /** The id that the sender gave and will look for. */
  externalId: z.string().optional(),
  madeByApi: MadeByApi.optional(),
  history: History.optional(),
});
export type ChangeRecord = z.infer<typeof ChangeRecord>;

/** What a mapper returns: arrays may be left out. */
export type NewChangeRecord = z.input<typeof ChangeRecord>;

/**
 * Checks nothing, for records that come by the hundred: those of a webhook, which their mappers' types and tests hold
 * to the schema, and stored ones. Parsing costs more than mapping.
 */
export function toChangeRecord({
  changeType = 'deployment',
  aliases = [],
  artifacts = [],
  paths = [],
  tags = [],
  notes = [],
  ...written
}: NewChangeRecord): ChangeRecord {
  return { changeType, aliases, artifacts, paths, tags, notes, ...written };
}

/** `chg_` and 32 hex digits: a valid BullMQ job id (those must not be all digits, nor hold one colon). */
export function recordId(deployment: string, state: State, ...repeat: readonly string[]): string {
  return `chg_${digest([deployment, state, ...repeat].join('\n'))}`;
}

/** 128 bits of SHA-256 in hex: short enough for a URL, long enough that two never collide. */
export function digest(text: string): string {
  return hash('sha256', text).slice(0, 32);
}

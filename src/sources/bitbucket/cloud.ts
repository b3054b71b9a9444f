import type { z } from 'zod';
import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { bitbucketPipelineUrl } from '../../forges/bitbucket.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Mapped } from '../mapped.ts';
import {
  type Actor,
  authorAsActor,
  authorOf,
  bareUuid,
  bitbucketOrg,
  type Context,
  commitOf,
  common,
  doubtsOf,
  type Environment,
  first,
  ignored,
  type Keys,
  lookUp,
  missingFields,
  NO_TIME,
  pipelineKey,
  pullRequest,
  type Repository,
  type Resolved,
  records,
  resolveCommit,
  runNumber,
  short,
  slugify,
  stageOf,
  TIERS,
  tagsOf,
  texts,
  unknownStatus,
  withoutUndefined,
} from './parts.ts';
import { CloudDeployment, CloudWrapper, type Commit, type Pipeline } from './schema.ts';

/**
 * Bitbucket Cloud, `state.name`; COMPLETED has its result in `state.status.name`. UNDEPLOYED is a step that nobody has
 * started.
 */
const CLOUD_STATES: Readonly<Record<string, State>> = { IN_PROGRESS: 'running' };
const CLOUD_RESULTS: Readonly<Record<string, State>> = {
  SUCCESSFUL: 'succeeded',
  FAILED: 'failed',
  ERROR: 'failed',
  EXPIRED: 'failed',
  STOPPED: 'canceled',
};

export function fromCloud(subject: JsonObject, body: JsonObject, context: Context): Mapped {
  const deployment = CloudDeployment.parse(subject);
  const beside = CloudWrapper.parse(body);
  const commits = [deployment.commit, deployment.release?.commit, deployment.deployable?.commit, beside.commit];
  const commit = resolveCommit(commits.flatMap(hashes));
  const environment = cloudEnvironment(deployment.environment ?? beside.environment);
  const word = deployment.state?.name;
  if (!commit || !environment || !word) {
    throw missingFields({ 'commit.hash': commit, environment, 'state.name': word });
  }
  const state = cloudState(word, deployment.state?.status?.name);
  if (typeof state !== 'string') return state;
  return records(cloudRecord({ deployment, beside, commits, commit, environment, state, context }));
}

function cloudState(word: string, result: string | undefined): State | Mapped {
  if (word === 'UNDEPLOYED') return ignored('not_started', 'Bitbucket lists the step; it has not been started');
  if (word !== 'COMPLETED')
    return lookUp(CLOUD_STATES, word) ?? lookUp(CLOUD_RESULTS, word) ?? unknownStatus(`state.name ${short(word)}`);
  if (!result) return unknownStatus('COMPLETED without state.status.name says neither success nor failure');
  return lookUp(CLOUD_RESULTS, result) ?? unknownStatus(`state.status.name ${short(result)}`);
}

interface CloudParts {
  readonly deployment: CloudDeployment;
  readonly beside: z.infer<typeof CloudWrapper>;
  readonly commits: readonly Commit[];
  readonly commit: Resolved;
  readonly environment: Environment;
  readonly state: State;
  readonly context: Context;
}

function cloudRecord(parts: CloudParts): NewChangeRecord {
  const { deployment, environment, state, context } = parts;
  const repository = cloudRepository(parts);
  const pipeline = cloudPipeline(parts);
  const commit = cloudCommit(parts, repository);
  const person = cloudActor(parts, pipeline);
  const times = cloudTimes(deployment, state);
  const keys = cloudKeys(parts, repository, pipeline);
  const { ref, tag } = cloudRef(pipeline.target);
  const step = deployment.state?.url;
  const noTime = times.at ? undefined : NO_TIME;
  return withoutUndefined<NewChangeRecord>({
    ...common(repository, environment, context),
    id: recordId(keys.deployment, state, 'rest', times.at ?? deployment.version ?? ''),
    deployment: keys.deployment,
    aliases: keys.aliases,
    stage: stageOf({
      build: pipeline.build_number,
      pipeline: pipeline.uuid,
      environment,
      run: keys.run,
      step: stepOf(deployment),
    }),
    signal: 'deployment',
    authoritative: true,
    state,
    ref,
    tag,
    commit,
    pipelineUrl: bitbucketPipelineUrl(repository.url, pipeline.build_number) ?? deployment.release?.url ?? step,
    job: deployment.step?.name,
    jobUrl: step,
    pullRequest: pullRequest({ id: pipeline.target?.pullrequest?.id, message: commit?.message, repository }),
    actor: person?.name,
    occurredAt: times.at ?? context.receivedAt,
    startedAt: times.started,
    finishedAt: times.finished,
    tags: tagsOf(repository, environment, { ref, run: keys.run, redeploy: manualActorOf(deployment) === 'redeploy' }),
    notes: texts(repository.note, environment.note, parts.commit.note, keys.note, person?.note, noTime),
    ...doubtsOf({ actor: person?.note, time: noTime, commit: parts.commit.note }),
  });
}

function cloudCommit({ commits, commit }: CloudParts, repository: Repository): ReturnType<typeof commitOf> {
  return commitOf({
    ...commit,
    message: first(commits.map((reported) => reported?.message)),
    author: first(commits.map(authorOf)),
    committedAt: first(commits.map((reported) => reported?.date)),
    repository,
  });
}

/** Start and end of a run; `at` is the moment that this state describes. */
function cloudTimes(deployment: CloudDeployment, state: State): { at?: string; started?: string; finished?: string } {
  const { state: reported, last_update_time: updated } = deployment;
  const started = reported?.started_on ?? reported?.start_date;
  const completed = reported?.completed_on ?? reported?.completion_date;
  if (state === 'running') return withoutUndefined({ at: started ?? updated, started });
  return withoutUndefined({ at: completed ?? updated, started, finished: completed });
}

/**
 * A deployment is keyed by its step, because both the REST object and the step itself have that name. A run after the
 * first has the same step: it is another deployment.
 */
function cloudKeys(parts: CloudParts, repository: Repository, pipeline: Pipeline): Keys {
  const { deployment, environment } = parts;
  const step = stepOf(deployment);
  const uuid = bareUuid(deployment.uuid);
  const run = runNumber(deployment.step?.run_number);
  const own = uuid && `bitbucket:deployment:${uuid}${run === '1' ? '' : `:run:${run}`}`;
  if (step) return { deployment: `bitbucket:step:${step}:run:${run}`, aliases: texts(own), run };
  if (own) return { deployment: own, aliases: [], run };
  const name = pipeline.uuid ?? pipeline.build_number;
  return { ...pipelineKey({ repository, pipeline: name, commit: parts.commit, environment, run }), aliases: [], run };
}

const stepOf = ({ step, key }: CloudDeployment): string | undefined =>
  bareUuid(step?.uuid ?? /^steps-(.+)$/.exec(key ?? '')?.[1]);

function cloudRepository({ deployment, beside, commits }: CloudParts): Repository {
  const links = [
    deployment.state?.url,
    deployment.release?.url,
    deployment.deployable?.url,
    ...commits.flatMap((commit) => [commit?.links?.html?.href, commit?.links?.self?.href]),
  ];
  const uuid = deployment.repository?.uuid ?? beside.repository?.uuid;
  const fullName = deployment.repository?.full_name ?? beside.repository?.full_name ?? first(links.map(fullNameOf));
  return bitbucketOrg(fullName, uuid);
}

/**
 * `https://bitbucket.org/<workspace>/<slug>/…` or the API's URL; both parts may be uuids in braces, which are no name.
 */
function fullNameOf(url: string | undefined): string | undefined {
  const path = /^https:\/\/(?:api\.bitbucket\.org\/2\.0\/repositories|bitbucket\.org)\/([\w.-]+\/[\w.-]+)(?:\/|$)/;
  return path.exec(url ?? '')?.[1];
}

/** The release carries uuid and build number; a wrapper or an exporter that joins the pipeline adds the rest. */
function cloudPipeline({ deployment, beside }: CloudParts): Pipeline {
  const named = [deployment.release, deployment.deployable, { url: deployment.state?.url }].map(buildNumber);
  const reported = [
    beside.pipeline,
    deployment.pipeline,
    deployment.release?.pipeline,
    deployment.deployable?.pipeline,
  ];
  return {
    uuid: first(reported.map((pipeline) => pipeline?.uuid)),
    build_number: first([...reported.map((pipeline) => pipeline?.build_number), ...named]),
    creator: first(reported.map((pipeline) => pipeline?.creator)),
    target: first(reported.map((pipeline) => pipeline?.target)),
  };
}

/** `pipeline_pullrequest_target` names its branch `source`; a commit target has no name at all. */
function cloudRef(target: Pipeline['target']): { ref?: string; tag?: boolean } {
  const ref = target?.ref_name ?? target?.source;
  const kind = target?.ref_type?.toLowerCase();
  if (kind === undefined && target?.ref_name !== undefined) return withoutUndefined({ ref });
  return withoutUndefined({ ref, tag: ref === undefined ? undefined : kind?.endsWith('tag') === true });
}

/** Bitbucket writes `#186` into the name and `/results/186` into both forms of the URL. */
function buildNumber(release: { name?: string | undefined; url?: string | undefined } | undefined): string | undefined {
  return /\/results\/(\d+)/.exec(release?.url ?? '')?.[1] ?? /^#(\d+)$/.exec(release?.name ?? '')?.[1];
}

function cloudActor(parts: CloudParts, { creator }: Pipeline): Actor | undefined {
  const { deployer } = parts.deployment.state ?? {};
  const deployedBy = deployer?.display_name ?? deployer?.nickname;
  if (deployedBy) return { name: deployedBy };
  const startedBy = creator?.display_name ?? creator?.nickname;
  if (!startedBy) return authorAsActor(first(parts.commits.map(authorOf)));
  if (!manualActorOf(parts.deployment)) return { name: startedBy };
  return {
    name: startedBy,
    note: 'the actor started the pipeline; Bitbucket did not say who pressed Run on this step',
  };
}

/** Whether somebody started just this step: `pipeline_step_trigger_manual`, `pipeline_step_trigger_redeploy`. */
const manualActorOf = ({ step }: CloudDeployment): string | undefined =>
  /_(manual|redeploy)$/.exec(step?.trigger?.type ?? '')?.[1];

const hashes = (commit: Commit): (string | undefined)[] => [
  commit?.hash,
  ...[commit?.links?.html?.href, commit?.links?.self?.href].map(
    (link) => /\/commits?\/([0-9a-f]{40}(?:[0-9a-f]{24})?)(?![0-9a-f])/i.exec(link ?? '')?.[1],
  ),
];

/** The slug first: it is what BITBUCKET_DEPLOYMENT_ENVIRONMENT holds. By default the REST object has the uuid alone. */
function cloudEnvironment(reported: CloudDeployment['environment']): Environment | undefined {
  const name = slugify(reported?.slug) ?? slugify(reported?.name);
  const tier = lookUp(TIERS, reported?.environment_type?.name?.toLowerCase());
  if (name) return withoutUndefined({ name, tier });
  if (!reported?.uuid) return undefined;
  const note = `Bitbucket named the environment by its uuid alone: ${short(reported.uuid)}`;
  return withoutUndefined({ name: 'unknown', tier, note });
}

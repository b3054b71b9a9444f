import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { versionOf } from '../../domain/versions.ts';
import { forgeOf } from '../../forges/index.ts';
import { runOf } from '../../forges/run.ts';
import { cutText } from '../../values/graphemes.ts';

/** Values as this sink sends them: there is no number among them. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>;

/** OpenTelemetry sets no limit, but some backends cut at 4,095 characters. */
const TEXT_CHARS = 4_000;
const LIST_ITEMS = 50; // for filters: more would only make each record larger

/** `deployment.status` of the registry has a word for these two alone. */
const STATUSES: Readonly<Partial<Record<State, string>>> = { succeeded: 'succeeded', failed: 'failed' };
/** `cicd.pipeline.run.state`: of a run that has not ended. */
const RUN_STATES: Readonly<Partial<Record<State, string>>> = { pending: 'pending', running: 'executing' };
/** `cicd.pipeline.result`. */
const RESULTS: Readonly<Partial<Record<State, string>>> = {
  succeeded: 'success',
  failed: 'failure',
  canceled: 'cancellation',
};

/** Of the service that is deployed, so that it is listed with the service's own telemetry. */
export function resourceOf({ service, environment }: Deployment, names: Readonly<Record<string, string>>): Attributes {
  const name = Object.hasOwn(names, environment.name) ? names[environment.name] : environment.name;
  return known({ 'service.name': service, 'deployment.environment.name': name });
}

/**
 * Of the deployment, by the names and values of OpenTelemetry's semantic conventions where these have one; the others
 * begin with `shiplog.`.
 */
export function attributesOf(deployment: Deployment, pageUrl: string | undefined): Attributes {
  return known({
    'deployment.id': deployment.key,
    'deployment.name': nameOf(deployment),
    'deployment.status': STATUSES[deployment.state],
    'service.version': versionDeployed(deployment),
    'user.name': deployment.actor,
    ...vcsOf(deployment),
    ...pipelineOf(deployment),
    ...oursOf(deployment, pageUrl),
  });
}

/** Few values, however many deployments there are: spans are grouped by it. */
export const nameOf = ({ job, service }: Deployment): string => job ?? `deploy ${service}`;

/** The version of its one image or chart, else the tag, else the commit. */
function versionDeployed({ artifacts, ref, tag, commit }: Deployment): string | undefined {
  const [version, ...others] = new Set(artifacts.flatMap((artifact) => versionOf(artifact) ?? []));
  if (version !== undefined && others.length === 0) return version;
  return tag === true && ref ? ref : commit?.sha;
}

function vcsOf({ repository, ref, tag, commit, pullRequest, replaced }: Deployment) {
  const forge = forgeOf(repository);
  const segments = (forge?.path ?? repository?.name ?? '').split('/').filter(Boolean);
  return {
    // "Bitbucket Data Center" is of the provider bitbucket
    'vcs.provider.name': forge?.forge.split(' ', 1)[0]?.toLowerCase(),
    'vcs.owner.name': segments.slice(0, -1).join('/'),
    'vcs.repository.name': segments.at(-1),
    'vcs.repository.url.full': forge?.url ?? repository?.url,
    'vcs.ref.head.name': ref,
    'vcs.ref.head.type': ref === undefined || tag === undefined ? undefined : tag ? 'tag' : 'branch',
    'vcs.ref.head.revision': commit?.sha,
    'vcs.ref.base.revision': replaced?.sha,
    'vcs.change.id': pullRequest?.number,
    'vcs.change.title': pullRequest?.title,
  };
}

/** The run that makes the deployment, and the job in it. */
function pipelineOf({ state, endReason, job, jobUrl, pipelineUrl, pipelineId }: Deployment) {
  const hasTask = job !== undefined || jobUrl !== undefined;
  return {
    'cicd.pipeline.run.id': pipelineId ?? runOf(pipelineUrl)?.pipeline,
    'cicd.pipeline.run.url.full': pipelineUrl,
    'cicd.pipeline.run.state': RUN_STATES[state],
    'cicd.pipeline.result': endReason === 'never_ran' ? 'skip' : RESULTS[state],
    'cicd.pipeline.task.name': job,
    'cicd.pipeline.task.type': hasTask ? 'deploy' : undefined,
    'cicd.pipeline.task.run.id': runOf(jobUrl)?.job,
    'cicd.pipeline.task.run.url.full': jobUrl,
    // no tool reports the class; this is the registry's value for that
    'error.type': state === 'failed' ? '_OTHER' : undefined,
  };
}

function oursOf(deployment: Deployment, pageUrl: string | undefined) {
  const { environment, replaced, owner, commit } = deployment;
  return {
    'shiplog.state': deployment.state,
    'shiplog.end_reason': deployment.endReason,
    'shiplog.change.type': deployment.changeType,
    'shiplog.change.risk': deployment.riskLevel,
    'shiplog.environment.tier': environment.tier,
    'shiplog.environment.url': environment.url,
    'shiplog.description': deployment.description,
    'shiplog.commit.title': commit?.title,
    'shiplog.change_request.url': deployment.pullRequest?.url,
    'shiplog.started_at': deployment.startedAt,
    'shiplog.finished_at': deployment.finishedAt,
    'shiplog.succeeded_at': deployment.succeededAt,
    'shiplog.replaced.deployment': replaced?.deployment,
    'shiplog.replaced.compare_url': replaced?.compareUrl,
    'shiplog.artifacts': deployment.artifacts,
    'shiplog.tags': deployment.tags,
    'shiplog.owner.team': owner?.team,
    'shiplog.owner.channel': owner?.channel,
    'shiplog.owner.runbook': owner?.runbook,
    'shiplog.owner.on_call': owner?.on_call,
    'shiplog.source': deployment.reportedSource ?? deployment.source,
    'shiplog.url': pageUrl,
  };
}

/** Unknown values are left out: no '', no empty list. Texts are within their limits. */
function known(given: Readonly<Record<string, string | readonly string[] | undefined>>): Attributes {
  const cut = (text: string) => cutText(text, TEXT_CHARS);
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]): [string, string | readonly string[]][] => {
      if (value === undefined || value.length === 0) return [];
      return [[name, typeof value === 'string' ? cut(value) : value.slice(0, LIST_ITEMS).map(cut)]];
    }),
  );
}

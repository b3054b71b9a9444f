import type { Lookup } from '../../domain/change-event.ts';
import {
  type ChangeRecord,
  type Doubts,
  type NewChangeRecord,
  recordId,
  withDoubts,
} from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { fullSha } from '../../values/sha.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped } from '../mapped.ts';
import { deploymentKey, jobKey, type Project, projectOf } from './project.ts';
import { type Context, commitOf, ignored, madeByApiOf, NO_TIME, originOf, personOf } from './record.ts';
import { refFacts } from './ref.ts';
import { lookupOf } from './resolve.ts';
import { type DeploymentHook, DeploymentStatus } from './schema.ts';
import { DEPLOYMENT_STATES } from './states.ts';

/**
 * GitLab's button Test sends the newest deployment with its status and the present time. GitLab:
 * Integrations::ProjectTestData. A hook that came twice has the same time.
 */
export function repeatDetail({ signal, occurrence, deployment }: ChangeRecord): string | undefined {
  if (signal !== 'deployment hook') return undefined;
  return `GitLab's Test of deployment ${occurrence ?? deployment.split(':').at(-1)}: arrived, nothing changed`;
}

const NO_STATUS =
  'The deployment hook has no status. If the webhook has a custom template, your template lacks status: write ' +
  '"status": "{{status}}", or take the template out.';

const NO_PROJECT =
  'The deployment hook names no project: neither an id nor a path. If the webhook has a custom template, write ' +
  '"project_id": "{{project.id}}" and "project_path": "{{project.path_with_namespace}}", or take the template out.';

const NO_KEY =
  'The deployment hook names neither a job (deployable_id) nor a deployment_id. If the webhook has a custom ' +
  'template, write "deployable_id": "{{deployable_id}}" and "deployment_id": "{{deployment_id}}", or take the ' +
  'template out.';

/** The deployment hook is the most reliable: GitLab sends it at the transition, with the status of that moment. */
export function mapDeployment(hook: DeploymentHook, context: Context): Mapped {
  const status = DeploymentStatus.safeParse(hook.status).data;
  if (hook.status === undefined) return ignored('unmapped', NO_STATUS);
  if (status === undefined) {
    return ignored('unknown_status', `A deployment's status "${hook.status?.slice(0, 80) ?? ''}" is not known here.`);
  }
  const state = DEPLOYMENT_STATES[status];
  if (state === undefined) return ignored('not_started', `The deployment is ${status}: nothing was deployed.`);
  const project = projectOf(hook, context.webhook);
  if (!project) return ignored('unmapped', NO_PROJECT);
  const [key, ...aliases] = keysOf(hook, project);
  if (key === undefined) {
    return ignored('unmapped', NO_KEY);
  }
  const at = toIso(hook.status_changed_at);
  const receivedAt = context.webhook.receivedAt.toISOString();
  const actor = personOf(hook.user);
  const sha = shaOf(hook);
  const doubts = doubtsOf(hook, at, sha);
  const record: NewChangeRecord = {
    id: recordId(key, state, 'deployment hook', status, at ?? '', hook.approval?.id ?? ''),
    ...originOf(project, context),
    deployment: key,
    aliases,
    ...(aliases.length > 0 && hook.deployment_id && { occurrence: String(hook.deployment_id) }),
    signal: 'deployment hook',
    authoritative: true,
    state,
    ...(status === 'rejected' && { rejected: true }),
    environment: environmentOf(hook),
    ...refFacts({ ref: hook.ref }, project),
    ...commitOf({ sha, title: hook.commit_title, url: hook.commit_url, ...NO_COMMIT }),
    ...(hook.deployable_url && { jobUrl: hook.deployable_url }),
    ...(actor && { actor }),
    occurredAt: at ?? receivedAt,
    ...(at && (state === 'running' ? { startedAt: at } : isFinal(state) && { finishedAt: at })),
    notes: notesOf(hook, status, doubts),
    ...withDoubts(doubts),
    ...madeByApi(hook, project, sha),
  };
  return { kind: 'records', records: [record], ...lookupsOf(hook, { project, key, context }) };
}

/**
 * The hook never has the tag, the pipeline and the merge requests. For one that may be our own write there is a lookup
 * as well: the worker drops echoes before it asks.
 */
function lookupsOf(
  { deployment_id: deployment }: DeploymentHook,
  { project, key, context }: { project: Project; key: string; context: Context },
): { lookups?: Lookup[] } {
  if (!deployment || context.apiHost === undefined || context.apiHost !== project.host) return {};
  return { lookups: [lookupOf(project, { deployment, key })] };
}

const NO_COMMIT = { message: undefined, author: undefined, committedAt: undefined };

/** The job first: it is the only id that job and pipeline hooks have as well. */
function keysOf(hook: DeploymentHook, project: Project): string[] {
  const job = hook.deployable_id ?? /\/(?:jobs|builds)\/([1-9]\d*)$/.exec(hook.deployable_url ?? '')?.[1];
  const deployment = hook.deployment_id ?? /\/deployments?\/([1-9]\d*)$/.exec(hook.deployable_url ?? '')?.[1];
  return [...(job ? [jobKey(project, job)] : []), ...(deployment ? [deploymentKey(project, deployment)] : [])];
}

function environmentOf(hook: DeploymentHook): NewChangeRecord['environment'] {
  const tier = hook.environment_tier ?? hook.environment?.deployment_tier;
  return {
    name: hook.environment?.name ?? 'unknown',
    ...(tier && { tier }),
    ...(hook.environment_external_url && { url: hook.environment_external_url }),
  };
}

/** The hook has only the short sha, but the link to the commit ends in the full one. */
function shaOf({ commit_url: url = '' }: DeploymentHook): string | undefined {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  return fullSha(path.slice(path.lastIndexOf('/') + 1));
}

function notesOf({ approver }: DeploymentHook, status: DeploymentStatus, doubts: Doubts): string[] {
  const decided = status === 'approved' || status === 'rejected';
  return [
    ...(decided ? [`${status === 'approved' ? 'Approved' : 'Rejected'} by ${personOf(approver) ?? 'somebody'}.`] : []),
    ...Object.values(doubts).flatMap((note) => note ?? []),
  ];
}

/** What job and pipeline hooks may say. */
function doubtsOf(hook: DeploymentHook, at: string | undefined, sha: string | undefined): Doubts {
  const isShort = hook.short_sha && sha === undefined;
  return {
    ...(hook.environment?.name === undefined && { environment: 'GitLab named no environment.' }),
    ...(at === undefined && { occurredAt: NO_TIME }),
    ...(isShort && { commit: `The deployment hook knew only the short commit sha ${hook.short_sha?.slice(0, 40)}.` }),
  };
}

/**
 * No job at all: somebody used the Deployments API, and that may have been us.
 * Trigger jobs have an id but no URL; they are CI all the same.
 */
function madeByApi(
  hook: DeploymentHook,
  project: Project,
  sha: string | undefined,
): Pick<NewChangeRecord, 'madeByApi'> {
  if (hook.deployable_id || hook.deployable_url || !hook.deployment_id) return {};
  return madeByApiOf(project, {
    deploymentId: hook.deployment_id,
    environment: hook.environment?.name,
    sha: hook.short_sha ?? sha,
  });
}

import { digest, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { gitlabPipelineUrl } from '../../forges/gitlab.ts';
import { nameRef } from '../../values/ref.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped } from '../mapped.ts';
import { ApiStatus, type Commit, type DeploymentRow, type MergeRequest } from './api-schema.ts';
import { deploymentKey, jobKey, type Project } from './project.ts';
import { commitOf, ignored, madeByApiOf, originOf, personOf } from './record.ts';
import { refFacts } from './ref.ts';
import { API_STATES } from './states.ts';

export interface RowContext {
  readonly project: Project;
  readonly instance: string;
  readonly now: Date;
  /** The key that a hook gave: the API shows no job behind some deployments of trigger jobs. */
  readonly key?: string;
  /** The results of further requests. */
  readonly extras?: Extras;
}

export interface Extras {
  /** Newest first. */
  readonly mergeRequests: readonly MergeRequest[];
  readonly commit?: Commit;
  readonly paths?: readonly string[];
  /** GitLab's list of them exceeds the size limit of an answer. */
  readonly pathsTooMany?: true;
}

/**
 * A deployment as the API shows it at this moment. A hook that reports a step is more reliable: it was made at the
 * transition, and this may already be the next state.
 */
export function recordOfRow(row: DeploymentRow, reported: RowContext): Mapped {
  const { project, instance, now, extras } = reported;
  const status = ApiStatus.safeParse(row.status).data;
  if (status === undefined) {
    return ignored('unknown_status', `A deployment's status "${row.status?.slice(0, 80) ?? ''}" is not known here.`);
  }
  const neverRan = hasNeverRun(row);
  const state = rejectedBy(row) || neverRan ? 'canceled' : API_STATES[status];
  if (state === undefined) return ignored('not_started', `The deployment is ${status}: nothing was deployed.`);
  const names = namesOf(row, reported);
  const [key, ...aliases] = names;
  if (key === undefined) return ignored('unmapped', "GitLab's API shows a deployment without an id.");
  const { deployable } = row;
  const at = timeOf(row, state);
  const startedAt = toIso(deployable?.started_at);
  const finishedAt = isFinal(state) ? at : undefined;
  const actor = personOf(deployable?.user) ?? personOf(row.user);
  const record: NewChangeRecord = {
    ...originOf(project, { instance, webhook: { receivedAt: now } }),
    // A completed record is another record: of two with one id only the first is kept.
    id: recordId(key, state, 'deployments API', at ?? '', extras ? digest(JSON.stringify(extras)) : ''),
    deployment: key,
    aliases,
    ...(key.includes(':job:') && row.id && { occurrence: row.id }),
    signal: 'deployments API',
    // GitLab's own time of the end: a hook that was sent later (by its button Test) has the time of its sending.
    authoritative: isFinal(state) && toIso(deployable?.finished_at) !== undefined,
    state,
    ...(neverRan && { endReason: 'never_ran' }),
    ...(rejectedBy(row) && { rejected: true }),
    environment: environmentOf(row),
    ...commitOfRow(row, extras?.commit),
    ...linksOf(row, project),
    ...(actor && { actor }),
    occurredAt: at ?? now.toISOString(),
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    ...shippedBy(row, reported),
    notes: notesOf(row, extras),
    ...madeByApi(row, reported),
  };
  return { kind: 'records', records: [record] };
}

/** The same names in the same order as the deployment hook gives them. */
function namesOf(row: DeploymentRow, { project, key }: RowContext): string[] {
  const names = [
    ...(key ? [key] : []),
    ...(row.deployable?.id ? [jobKey(project, row.deployable.id)] : []),
    ...(row.id ? [deploymentKey(project, row.id)] : []),
  ];
  return [...new Set(names)];
}

/** The time of the state itself, where GitLab keeps it: `updated_at` moves with every later touch. */
function timeOf({ deployable, updated_at, created_at }: DeploymentRow, state: State): string | undefined {
  const own = isFinal(state) ? deployable?.finished_at : state === 'running' ? deployable?.started_at : created_at;
  return toIso(own) ?? toIso(updated_at) ?? toIso(created_at);
}

/** A job that ended before it began has deployed nothing: it was canceled while it waited, or a newer one was there. */
function hasNeverRun(row: DeploymentRow): boolean {
  const hasEnded = row.status === 'failed' || row.status === 'canceled';
  return hasEnded && row.deployable?.started_at === null && rejectedBy(row) === undefined;
}

/** The status of a rejected deployment is `failed`; only the approvals tell why. */
function rejectedBy(row: DeploymentRow): string | undefined {
  if (row.status !== 'failed' && row.status !== 'canceled') return undefined;
  const rejection = row.approvals?.find((approval) => approval?.status === 'rejected');
  return rejection ? (personOf(rejection.user) ?? 'somebody') : undefined;
}

function environmentOf({ environment }: DeploymentRow): NewChangeRecord['environment'] {
  return {
    name: environment?.name ?? 'unknown',
    ...(environment?.tier && { tier: environment.tier }),
    ...(environment?.external_url && { url: environment.external_url }),
  };
}

function commitOfRow(row: DeploymentRow, asked: Commit | undefined): Pick<NewChangeRecord, 'commit'> {
  const commit = asked ?? row.deployable?.commit;
  return commitOf({
    sha: row.sha ?? commit?.id,
    title: commit?.title,
    message: commit?.message,
    url: commit?.web_url,
    author: commit?.author_name,
    committedAt: toIso(commit?.committed_date),
  });
}

function linksOf({ deployable }: DeploymentRow, project: Project): Partial<NewChangeRecord> {
  const pipeline = deployable?.pipeline;
  const built = project.url && pipeline?.id && gitlabPipelineUrl(project.url, pipeline.id);
  const pipelineUrl = pipeline?.web_url ?? built;
  return {
    ...(pipelineUrl && { pipelineUrl }),
    ...(deployable?.name && { job: deployable.name }),
    // Not built from the id: a trigger job has an id and no page.
    ...(deployable?.web_url && { jobUrl: deployable.web_url }),
  };
}

function shippedBy({ ref, deployable }: DeploymentRow, { project, extras }: RowContext): Partial<NewChangeRecord> {
  const newest = extras?.mergeRequests[0];
  const message = extras?.commit?.message ?? deployable?.commit?.message;
  return {
    ...(newest?.source_branch && nameRef(ref).mergeRequest === newest.iid && { ref: newest.source_branch }),
    ...refFacts({ ref, tag: deployable?.tag, message }, project),
    ...(newest?.iid && {
      pullRequest: {
        number: newest.iid,
        ...(newest.web_url && { url: newest.web_url }),
        ...(newest.title && { title: newest.title }),
      },
    }),
    ...(extras?.paths && { paths: [...extras.paths] }),
  };
}

const MERGE_REQUESTS_NAMED = 10; // in one note

function notesOf(row: DeploymentRow, extras: Extras | undefined): string[] {
  const others = (extras?.mergeRequests ?? []).slice(1).map(({ iid }) => `!${iid}`);
  const more = others.length - MERGE_REQUESTS_NAMED;
  const named = others.slice(0, MERGE_REQUESTS_NAMED).join(', ');
  const rejecter = rejectedBy(row);
  return [
    ...(rejecter ? [`Rejected by ${rejecter}.`] : []),
    ...(others.length > 0 ? [`Also ships the merge requests ${named}${more > 0 ? ` and ${more} more` : ''}.`] : []),
    ...(extras?.pathsTooMany ? ['The files of the commit are not known: the list of them is too large.'] : []),
    ...(row.environment?.name === undefined ? ['GitLab named no environment.'] : []),
  ];
}

/** No job: it may be our own write. A hook that knew a job, which the API does not show, has reported a trigger job. */
function madeByApi(row: DeploymentRow, { project, key }: RowContext): Pick<NewChangeRecord, 'madeByApi'> {
  if (row.deployable != null || !row.id || key?.includes(':job:')) return {};
  return madeByApiOf(project, { deploymentId: row.id, environment: row.environment?.name, sha: row.sha });
}

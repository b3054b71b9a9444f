import { digest, type NewChangeRecord, recordId, withDoubts } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { NO_SERVICE } from '../../domain/service.ts';
import { mergeRequestNumberIn } from '../../forges/page-address.ts';
import { projectOfPipeline } from '../../forges/pipeline-project.ts';
import { ACCOUNT_ID_NOTE, isAccountId } from '../../values/account-id.ts';
import { nameCheckout } from '../../values/ref.ts';
import { parseRepoUrl } from '../../values/repo-url.ts';
import { fullSha, shaPrefix } from '../../values/sha.ts';
import { safeUrl } from '../../values/url.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { type ChangeCreate, inOwnSpelling, parseChange, unfilledFieldsNote, unknownFieldsNote } from './schema.ts';

/** A body of Alert24's changes API to one record. */
export function mapChange(sent: unknown, webhook: Webhook, instance: string): Mapped {
  const pathServiceId = serviceIdOf(webhook.path);
  const payload = inOwnSpelling(sent);
  const change = parseChange(payload);
  const serviceId = pathServiceId ?? change.service_id;
  return { kind: 'records', records: [toRecord({ change, payload, webhook, instance, serviceId })] };
}

interface PostedRequest {
  readonly change: ChangeCreate;
  readonly payload: unknown;
  readonly webhook: Webhook;
  readonly instance: string;
  readonly serviceId: string | undefined;
}

function toRecord(sent: PostedRequest): NewChangeRecord {
  const { change, webhook, instance, serviceId } = sent;
  const { key: deployment, isRepeatable } = deploymentKey(sent);
  const { service, note: serviceNote } = serviceOf(change, serviceId);
  const commit = commitOf(change);
  const { ref, tag, mergeRequest } = nameCheckout(change.branch);
  const pullRequest = pullRequestOf(change, mergeRequest);
  const pipelineUrl = safeUrl(change.pipeline_url);
  const jobUrl = safeUrl(change.job_url);
  const notes = [...notesOf(sent), serviceNote].filter((note) => note !== undefined);
  return {
    id: recordId(deployment, change.status),
    deployment,
    ...(isRepeatable && { repeatable: true as const, endsOnce: true as const }),
    source: 'changes-api',
    instance,
    signal: 'changes api',
    authoritative: true,
    state: change.status,
    changeType: change.change_type ?? 'deployment',
    ...(change.risk_level && { riskLevel: change.risk_level }),
    summary: change.summary,
    ...(change.description && { description: change.description }),
    environment: { name: change.environment ?? 'unknown' },
    service,
    ...(serviceId && { serviceId }),
    ...repositoryOf(change),
    ...(ref && { ref, ...(tag !== undefined && { tag }) }),
    ...(commit && { commit }),
    ...(pipelineUrl && { pipelineUrl }),
    ...(jobUrl && { jobUrl }),
    ...(pullRequest && { pullRequest }),
    ...(change.changed_by && { actor: change.changed_by }),
    artifacts: [...new Set([...(change.image ? [change.image] : []), ...(change.artifacts ?? [])])],
    ...timesOf(change, webhook),
    tags: tagsOf(change),
    notes,
    ...doubtsOf(change, serviceNote),
    reportedSource: change.source ?? 'api',
    ...(change.external_id && { externalId: change.external_id }),
  };
}

/**
 * `/api/v1/services/<id>/changes` names the service; `/api/v1/changes` and `/webhooks/<name>` do not.
 * @throws WebhookRejected for anything else below `/api/v1/services/`: nothing can be posted there.
 */
function serviceIdOf(path: string): string | undefined {
  if (!path.startsWith('/api/v1/services/')) return undefined;
  const encoded = /^\/api\/v1\/services\/([^/]+)\/changes\/?$/.exec(path)?.[1];
  const id = encoded === undefined ? undefined : decode(encoded)?.trim();
  if (id) return id;
  throw new WebhookRejected('bad_payload', 'the path must be /api/v1/changes or /api/v1/services/<service id>/changes');
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined; // a stray % is no encoding
  }
}

/** An id this long is no name any more, and keys are part of logs and URLs. */
const LONGEST_ID = 200;

/**
 * What makes two posts one change: their `external_id`, else all fields that describe the change but not its state, so
 * that neither `curl --retry` nor a later status makes another one. Without a pipeline, the sender's Idempotency-Key
 * decides: the same commit may be deployed again. A body with neither is a note by hand, and two notes with equal words
 * are not one change.
 */
function deploymentKey({ change, webhook, serviceId }: PostedRequest): { key: string; isRepeatable: boolean } {
  if (change.external_id) return named(`changes:${bounded(change.external_id)}`);
  const { commit_sha, pipeline_url, job_url, change_type, environment, branch, service, summary } = change;
  const idempotencyKey = webhook.headers['idempotency-key']?.trim();
  const namesRun = pipeline_url !== undefined || job_url !== undefined;
  if (!namesRun && idempotencyKey) return named(`changes:key:${bounded(idempotencyKey)}`);
  if (!namesRun && !commit_sha) return named(`changes:webhook:${webhook.id}`);
  const reported = [change_type, environment, branch, commit_sha, pipeline_url, serviceId, service, summary];
  const values = [...reported.map((value) => value ?? null), ...(job_url === undefined ? [] : [job_url])];
  return { key: `changes:${digest(JSON.stringify(values))}`, isRepeatable: true };
}

const named = (key: string) => ({ key, isRepeatable: false });

const bounded = (id: string): string => (id.length > LONGEST_ID ? digest(id) : id);

function serviceOf(change: ChangeCreate, serviceId: string | undefined): { service: string; note?: string } {
  if (change.service) return { service: change.service };
  const [project, field] = [projectOfRun(change), projectOfPipeline(change.pipeline_url) ? 'pipeline_url' : 'job_url'];
  if (project) return { service: project.slug, note: `service is the project in ${field}` };
  if (serviceId) return { service: serviceId, note: 'service is the service id, for want of a name' };
  const deployed = /^Deployed (\S+) @ [0-9a-f]{7,64}\b/i.exec(change.summary)?.[1];
  if (deployed) return { service: deployed, note: 'service is taken from summary' };
  return { service: 'unknown', note: NO_SERVICE };
}

const projectOfRun = ({ pipeline_url, job_url }: ChangeCreate) =>
  projectOfPipeline(pipeline_url) ?? projectOfPipeline(job_url);

/**
 * `gitlabProject` comes from `gitlab_project` alone: a CI job of the project in `pipeline_url` created its deployment
 * in GitLab itself.
 */
function repositoryOf(change: ChangeCreate): Pick<NewChangeRecord, 'repository'> {
  const given = parseRepoUrl(change.repository);
  const project = projectOfRun(change);
  const name = given?.path ?? change.repository ?? project?.path ?? change.gitlab_project;
  if (!name) return {};
  const address = given?.url ?? (change.repository ? undefined : project?.url);
  return {
    repository: {
      name,
      ...(address && { url: address }),
      ...(change.gitlab_project && { gitlabProject: change.gitlab_project }),
    },
  };
}

function commitOf({ commit_sha, commit_message: message }: ChangeCreate): NewChangeRecord['commit'] {
  const sha = fullSha(commit_sha);
  const title = message?.split(/\r?\n/)[0];
  if (!sha && !message) return undefined;
  return { ...(sha && { sha }), ...(title && { title }), ...(message && { message }) };
}

/** @param ofRef the number of the request that the ref is of */
function pullRequestOf({ pr_number, pr_url }: ChangeCreate, ofRef?: string): NewChangeRecord['pullRequest'] {
  const url = safeUrl(pr_url);
  const number = pr_number ?? mergeRequestNumberIn(url) ?? ofRef;
  return number ? { number, ...(url && { url }) } : undefined;
}

function timesOf(change: ChangeCreate, webhook: Webhook) {
  const receivedAt = webhook.receivedAt.toISOString();
  const { started_at: startedAt, status } = change;
  const finishedAt = isFinal(status) ? change.finished_at : undefined;
  const reported = isFinal(status) ? finishedAt : status === 'running' ? startedAt : undefined;
  return {
    occurredAt: change.occurred_at ?? reported ?? receivedAt,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    receivedAt,
  };
}

/** GitLab does not find a commit by a short sha, but people search for it. */
function tagsOf(change: ChangeCreate): string[] {
  const short = shaPrefix(change.commit_sha);
  return [...new Set([...(change.tags ?? []), ...(short ? [`commit:${short}`] : [])])];
}

const NO_ENVIRONMENT = 'environment has no value: it stays unknown (Alert24 would say production)';
const shortCommit = (short: string) => `commit_sha ${short} is not a full sha: kept as a tag; send all its digits`;

/** What a webhook of the job that posts may say. */
function doubtsOf({ environment, commit_sha }: ChangeCreate, aboutService: string | undefined) {
  const short = shaPrefix(commit_sha);
  return withDoubts({
    ...(aboutService && aboutService !== NO_SERVICE && { service: aboutService }),
    ...(!environment && { environment: NO_ENVIRONMENT }),
    ...(short && { commit: shortCommit(short) }),
  });
}

function notesOf({ change, payload, serviceId }: PostedRequest): (string | undefined)[] {
  const { commit_sha, changed_by, pipeline_url, job_url, pr_url, pr_number } = change;
  const short = shaPrefix(commit_sha);
  return [
    change.environment ? undefined : NO_ENVIRONMENT,
    short && shortCommit(short),
    commit_sha && !short && !fullSha(commit_sha) ? 'commit_sha is no commit sha: left out' : undefined,
    isAccountId(changed_by) ? ACCOUNT_ID_NOTE : undefined,
    pipeline_url && !safeUrl(pipeline_url) ? 'pipeline_url is no http(s) URL: left out' : undefined,
    job_url && !safeUrl(job_url) ? 'job_url is no http(s) URL: left out' : undefined,
    pr_url && !safeUrl(pr_url) ? 'pr_url is no http(s) URL: left out' : undefined,
    safeUrl(pr_url) && !pr_number && !pullRequestOf(change)
      ? 'pr_url names no pull request and pr_number is missing: left out'
      : undefined,
    change.service_id && serviceId !== change.service_id
      ? 'service_id differs from the path: the path counts'
      : undefined,
    unfilledFieldsNote(payload),
    unknownFieldsNote(payload),
  ];
}

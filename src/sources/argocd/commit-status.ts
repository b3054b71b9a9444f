import { digest, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { nameRef } from '../../values/ref.ts';
import { fullSha } from '../../values/sha.ts';
import { badParameter, projectName, serviceOf as projectService } from '../gitlab-api/api.ts';
import type { Mapped } from '../mapped.ts';
import type { Answer, Outcome } from '../outcome.ts';
import type { Webhook } from '../received-webhook.ts';
import { ignored } from './contract.ts';
import { environmentWordIn, type Named, serviceOf, withTier } from './environment.ts';
import { projectPath } from './project-path.ts';
import { CommitStatus, Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { short, webUrl } from './text.ts';

/** GitLab: lib/api/commit_statuses.rb. `skipped` is missing: nothing was deployed. */
const STATES: Readonly<Record<string, State>> = {
  pending: 'pending',
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

export interface CommitStatusPath {
  readonly project: string | undefined;
  readonly revision: string;
}

/** `POST /projects/:id/statuses/:sha`, or `malformed` when it holds a "%" that begins no percent-encoding. */
export function commitStatusPath(path: string): CommitStatusPath | 'malformed' | undefined {
  const parts = projectPath(path, 'statuses');
  if (parts?.id === undefined) return undefined;
  try {
    const revision = decodeURIComponent(parts.id).trim();
    return { project: projectName(decodeURIComponent(parts.project)), revision };
  } catch {
    return 'malformed';
  }
}

/** A status on a commit, as some templates set one for every sync. It contains neither the environment nor the sync. */
export function mapCommitStatus(
  payload: unknown,
  at: CommitStatusPath,
  context: { webhook: Webhook; settings: Settings },
): Mapped {
  const body = CommitStatus.parse(payload);
  const state = typeof body.state === 'string' && Object.hasOwn(STATES, body.state) ? STATES[body.state] : undefined;
  if (body.state === undefined || body.state === null) {
    return ignored(
      'unmapped',
      'A commit status without a state. Send {"state": "success", "name": "deploy/<environment>"}.',
    );
  }
  if (!state) {
    const names = Object.keys(STATES).join(', ');
    return ignored('unknown_status', `The state is ${JSON.stringify(body.state).slice(0, 60)}, not one of ${names}.`);
  }
  return { kind: 'records', records: [toRecord({ ...context, ...at, body, state })] };
}

interface Parts extends CommitStatusPath {
  readonly body: CommitStatus;
  readonly state: State;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

function toRecord(parts: Parts): NewChangeRecord {
  const { body, state, project, revision, webhook, settings } = parts;
  const sha = fullSha(revision);
  const label = body.name ?? body.context;
  const environment = environmentOf(label);
  const key = ['argocd-status', project?.toLowerCase() ?? 'unknown', revision.toLowerCase(), label ?? ''].join(':');
  const pipelineUrl = webUrl(body.target_url)?.href;
  const description = body.description && short(body.description);
  const receivedAt = webhook.receivedAt.toISOString();
  return {
    id: recordId(key, state),
    deployment: key,
    // after another commit, the same one is deployed again: a roll-back
    repeatable: true,
    periodic: true,
    source: 'argocd',
    instance: settings.instance,
    signal: 'gitlab commit status',
    authoritative: true,
    witness: 'report',
    state,
    changeType: 'deployment',
    ...(description && { description }),
    environment: withTier(environment.name),
    service: serviceIn(label, environment, settings) ?? projectService(project),
    ...(project && { repository: { name: project, gitlabProject: project } }),
    ...refOf(body.ref),
    ...(sha && { commit: { sha } }),
    ...(pipelineUrl && { pipelineUrl }),
    occurredAt: receivedAt,
    receivedAt,
    tags: ['argocd', 'gitlab-commit-status'],
    notes: notesOf(parts, environment),
  };
}

/** The branch or tag, and the merge request of a ref that only a merge request has. */
function refOf(text: string | undefined): Pick<NewChangeRecord, 'ref' | 'tag' | 'pullRequest'> {
  const { ref, tag, mergeRequest } = nameRef(text);
  return {
    ...(ref && { ref }),
    ...(tag !== undefined && { tag }),
    ...(mergeRequest && { pullRequest: { number: mergeRequest } }),
  };
}

function notesOf({ project, revision }: CommitStatusPath, environment: Named): string[] {
  const notes = [
    !project && 'The path names no GitLab project.',
    environment.note,
    !fullSha(revision) &&
      `There is no commit: the path names ${JSON.stringify(revision.slice(0, 100))}, not 40 or 64 hex digits.`,
  ];
  return notes.filter((note) => typeof note === 'string');
}

const partsOf = (label: string): string[] => label.split(/[/:]/).flatMap((part) => part.trim() || []);

/** `deploy/<environment>`, or a name that ends in a word for one: `argocd/production`, `argocd/lighthouse-api-prod`. */
function environmentOf(label: string | undefined): Named {
  const parts = partsOf(label ?? '');
  const after = parts.findIndex((part) => /^(deploy|deploys|deployment|deployments|environment|env)$/i.test(part));
  const name = (after === -1 ? undefined : parts[after + 1]) ?? environmentWordIn(parts.at(-1));
  if (name)
    return { name, note: `The environment is taken from the name of the commit status, "${short(label ?? '')}".` };
  return { name: 'unknown', note: 'A commit status names no environment, unless it is called deploy/<environment>.' };
}

function serviceIn(label: string | undefined, environment: Named, settings: Settings): string | undefined {
  const name = appIn(label);
  return name && serviceOf(Notification.parse({ app: { name } }), environment, settings).name;
}

/** Argo CD users call the status `argocd/<app>`, or `continuous-delivery/<app>` as its documentation does. */
function appIn(label: string | undefined): string | undefined {
  const [first = '', app, ...more] = partsOf(label ?? '');
  if (!app || more.length > 0 || !/^(argo-?cd|continuous-delivery)$/i.test(first)) return undefined;
  return environmentWordIn(app)?.toLowerCase() === app.toLowerCase() ? undefined : app;
}

/** GitLab's answer to a commit status, for senders that read it. The number is derived from the deployment's key. */
export function commitStatusAnswer(outcome: Outcome): Answer | undefined {
  const record = outcome.kind === 'accepted' ? outcome.records[0] : undefined;
  if (!record) return undefined;
  const body = {
    id: Number.parseInt(digest(record.deployment).slice(0, 12), 16) || 1, // 48 bits: a safe integer everywhere
    sha: record.commit?.sha ?? null,
    ref: record.ref ?? null,
    status: Object.keys(STATES).find((word) => STATES[word] === record.state) ?? null,
    target_url: record.pipelineUrl ?? null,
    description: record.description ?? null,
    created_at: record.receivedAt,
  };
  return { status: 201, body, headers: { 'content-type': 'application/json' } };
}

/** @throws WebhookRejected in GitLab's words (lib/api/commit_statuses.rb). */
export function checkCommitStatus({ state }: Readonly<Record<string, unknown>>): void {
  if (state === undefined || state === null) throw badParameter('state is missing');
  if (typeof state !== 'string' || !Object.hasOwn(STATES, state))
    throw badParameter('state does not have a valid value');
}

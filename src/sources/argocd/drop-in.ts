import { digest, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { fullSha } from '../../values/sha.ts';
import { trimChars } from '../../values/text.ts';
import type { Answer, Mapped, Outcome, Webhook } from '../source.ts';
import { withTier } from './environment.ts';
import { projectPath } from './project-path.ts';
import { DropIn } from './schema.ts';
import type { Settings } from './settings.ts';

/** GitLab: app/models/deployment.rb. `skipped` is missing: the API does not take it. */
const STATES: Readonly<Record<string, State>> = {
  created: 'pending',
  blocked: 'pending',
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

const GITLAB_WORDS: Readonly<Record<State, string>> = {
  pending: 'created',
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
};

/** `create` is `POST /projects/:id/deployments`, `update` is `PUT /projects/:id/deployments/:deployment_id`. */
export type DropInPath =
  | { readonly kind: 'create'; readonly project: string | undefined }
  | { readonly kind: 'update' }
  | { readonly kind: 'malformed' };

export function dropInPath(path: string): DropInPath | undefined {
  const parts = projectPath(path, 'deployments');
  if (!parts) return undefined;
  if (parts.id !== undefined) return { kind: 'update' };
  try {
    return { kind: 'create', project: projectName(decodeURIComponent(parts.project)) };
  } catch {
    return { kind: 'malformed' }; // a "%" that begins no percent-encoding
  }
}

const PROJECT_LIMIT = 500; // characters of a full path; GitLab allows 255 for each part and nobody needs two

/** An id or a full path; not `$PROJECT_ID` or `<your-project-id>`, which nobody filled in. */
export function projectName(text: string): string | undefined {
  if (text.length > PROJECT_LIMIT) return undefined;
  const name = trimChars(text, '/');
  return /^[\p{L}\p{N}_.-]+(\/[\p{L}\p{N}_.-]+)*$/u.test(name) ? name : undefined;
}

/** Also without the path: a body that can be nothing else. */
export const isDropInBody = (payload: object): boolean =>
  'environment' in payload && 'sha' in payload && 'status' in payload;

export const saysSomething = (payload: object): boolean =>
  ['environment', 'sha', 'ref', 'status'].some((key) => Object.hasOwn(payload, key));

/** Shape D: GitLab's documented ConfigMap. It knows no app, no operation and no time. */
export function mapDropIn(
  payload: unknown,
  project: string | undefined,
  context: { webhook: Webhook; settings: Settings },
): Mapped {
  const body = DropIn.parse(payload);
  const word = body.status ?? 'success';
  const state = typeof word === 'string' && Object.hasOwn(STATES, word) ? STATES[word] : undefined;
  if (!state) {
    const detail = `The status is ${JSON.stringify(word).slice(0, 60)}, not one of ${Object.keys(STATES).join(', ')}.`;
    return { kind: 'ignored', reason: 'unknown_status', detail };
  }
  return { kind: 'records', records: [toRecord({ body, state, project, ...context })] };
}

interface Parts {
  readonly body: DropIn;
  readonly state: State;
  readonly project: string | undefined;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

function toRecord({ body, state, project, webhook, settings }: Parts): NewChangeRecord {
  const sha = fullSha(body.sha);
  const environment = body.environment ?? 'unknown';
  const key = `argocd-dropin:${project?.toLowerCase() ?? 'unknown'}:${environment}:${sha ?? noCommit(body)}`;
  const ref = body.ref ?? settings.defaultRef;
  const receivedAt = webhook.receivedAt.toISOString();
  return {
    id: recordId(key, state),
    deployment: key,
    source: 'argocd',
    instance: settings.instance,
    signal: 'gitlab drop-in',
    authoritative: true,
    state,
    changeType: 'deployment',
    environment: withTier(environment),
    service: serviceOf(project),
    ...(project && { repository: { name: project, gitlabProject: project } }),
    ...(ref && { ref }),
    ...(ref && body.tag !== undefined && { tag: body.tag }),
    ...(sha && { commit: { sha } }),
    occurredAt: receivedAt,
    receivedAt,
    tags: ['argocd', 'gitlab-drop-in'],
    notes: notesOf({ body, project, sha, ref }),
  };
}

/** Two chart versions in one environment are two deployments, although neither is a commit. */
function noCommit({ sha }: DropIn): string {
  return sha ? `no-commit:${sha.slice(0, 100).toLowerCase()}` : 'no-commit';
}

export function serviceOf(project: string | undefined): string {
  if (!project) return 'unknown';
  return /^\d+$/.test(project) ? `project-${project}` : (project.split('/').at(-1) ?? project);
}

function notesOf(told: {
  body: DropIn;
  project: string | undefined;
  sha: string | undefined;
  ref: string | undefined;
}): string[] {
  const { body, project, sha, ref } = told;
  const notes = [
    !project && 'The path names no GitLab project.',
    !body.environment && 'The body names no environment.',
    !sha &&
      `There is no commit: sha is ${body.sha ? `"${body.sha.slice(0, 100)}"` : 'empty'}, not 40 or 64 hex digits.`,
    !body.ref && ref && 'The ref is default_ref of the configuration: the body names none.',
  ];
  return notes.filter((note) => typeof note === 'string');
}

/** What GitLab's API answers, for senders that read it. */
export function dropInAnswer(outcome: Outcome): Answer | undefined {
  return gitlabAnswer(outcome, (record, id) => ({
    id,
    iid: id,
    ref: record.ref ?? null,
    sha: record.commit?.sha ?? null,
    status: GITLAB_WORDS[record.state],
    created_at: record.receivedAt,
    updated_at: record.receivedAt,
    environment: { name: record.environment.name },
    deployable: null,
  }));
}

/** The id is made of the deployment key: there is no GitLab. */
export function gitlabAnswer(
  outcome: Outcome,
  toBody: (record: NewChangeRecord, id: number) => unknown,
): Answer | undefined {
  if (outcome.kind === 'rejected' && outcome.error.code === 'bad_signature') {
    return { status: 401, body: { message: '401 Unauthorized' } };
  }
  if (outcome.kind === 'not_kept') return { status: 503, body: { message: '503 Service Unavailable' } };
  const record = outcome.kind === 'accepted' ? outcome.records[0] : undefined;
  if (!record) return undefined;
  const id = Number.parseInt(digest(record.deployment).slice(0, 12), 16) || 1; // 48 bits: a safe integer everywhere
  return { status: 201, body: toBody(record, id) };
}

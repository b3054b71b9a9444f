import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { fullSha } from '../../values/sha.ts';
import { serviceOf } from '../gitlab-api/api.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { withTier } from './environment.ts';
import { DropIn } from './schema.ts';
import type { Settings } from './settings.ts';
import { short } from './text.ts';

/** GitLab: app/models/deployment.rb. `skipped` is missing: the API does not take it. */
const STATES: Readonly<Record<string, State>> = {
  created: 'pending',
  blocked: 'pending',
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

/** Also without the path: a body that can be nothing else. */
export const isDropInBody = (payload: object): boolean =>
  'environment' in payload && 'sha' in payload && 'status' in payload;

export const saysSomething = (payload: object): boolean =>
  ['environment', 'sha', 'ref', 'status'].some((key) => Object.hasOwn(payload, key));

/**
 * Shape D: the body of GitLab's documented ConfigMap, as it was stored before the API assigned numbers, or sent to no
 * path of the API. It has no app, no operation and no time: the same project, environment and commit is the same
 * deployment.
 */
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
  return { kind: 'records', records: [toRecord({ body, state, project, written: writtenSha(payload), ...context })] };
}

/** Unchanged: a template prints `<no value>` for a missing value. */
function writtenSha(payload: unknown): string {
  const { sha } = payload as { readonly sha?: unknown }; // an object: it was parsed
  if (typeof sha === 'string') return sha.trim() === '' ? 'empty' : JSON.stringify(short(sha, 100));
  return sha === undefined || sha === null ? 'empty' : 'no text';
}

interface Parts {
  readonly written: string;
  readonly body: DropIn;
  readonly state: State;
  readonly project: string | undefined;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

function toRecord({ written, body, state, project, webhook, settings }: Parts): NewChangeRecord {
  const sha = fullSha(body.sha);
  const environment = body.environment ?? 'unknown';
  const key = `argocd-dropin:${project?.toLowerCase() ?? 'unknown'}:${environment}:${sha ?? noCommit(body)}`;
  const ref = body.ref ?? settings.defaultRef;
  const receivedAt = webhook.receivedAt.toISOString();
  return {
    id: body.sha ? recordId(key, state) : recordId(key, state, webhook.id), // an identical body may come again
    deployment: key,
    ...(!body.sha && { repeatable: true as const }), // the next one has an identical body
    source: 'argocd',
    instance: settings.instance,
    signal: 'gitlab drop-in',
    authoritative: true,
    witness: 'report',
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
    notes: notesOf({ written, body, project, sha, ref }),
  };
}

/** Two chart versions in one environment are two deployments, although neither is a commit. */
function noCommit({ sha }: DropIn): string {
  return sha ? `no-commit:${sha.slice(0, 100).toLowerCase()}` : 'no-commit';
}

function notesOf(reported: {
  written: string;
  body: DropIn;
  project: string | undefined;
  sha: string | undefined;
  ref: string | undefined;
}): string[] {
  const { written, body, project, sha, ref } = reported;
  const notes = [
    !project && 'The path names no GitLab project.',
    !body.environment && 'The body names no environment.',
    !sha && `There is no commit: sha is ${written}, not 40 or 64 hex digits.`,
    !body.ref && ref && 'The ref is default_ref of the configuration: the body names none.',
  ];
  return notes.filter((note) => typeof note === 'string');
}

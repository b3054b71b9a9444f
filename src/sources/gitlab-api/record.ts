import { digest, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { nameCheckout } from '../../values/ref.ts';
import { fullSha } from '../../values/sha.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { checkNew, type Leniency } from './checks.ts';
import { noRoute } from './refusal.ts';
import { routeOf, serviceOf } from './route.ts';
import { KeptRow, type Status } from './row.ts';

const STATES: Readonly<Record<Status, State>> = {
  running: 'running',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

export interface RecordSettings {
  /** The type of the configured source. */
  readonly source: string;
  readonly instance: string;
  readonly tags: readonly string[];
  readonly environmentOf: (name: string) => NewChangeRecord['environment'];
}

/** The deployment that a request made or moved; undefined for a body in which no row was stored. */
export function mapKeptRow(payload: unknown, webhook: Webhook, settings: RecordSettings): Mapped | undefined {
  const { data } = KeptRow.safeParse(payload);
  return data && { kind: 'records', records: [toRecord(data, webhook, settings)] };
}

/**
 * A request without a number: a sample, or one to no path of the API. The same body is the same deployment.
 * @throws Refusal
 */
export function mapUnserved(payload: unknown, webhook: Webhook, settings: RecordSettings & Leniency): Mapped {
  const route = routeOf(webhook.path);
  if (route && route.kind !== 'deployments') throw noRoute('only a new deployment can be mapped without its number');
  const checked = checkNew({ ...(typeof payload === 'object' && payload) }, settings);
  const project = route?.project ?? '';
  const id = Number.parseInt(digest(JSON.stringify([project.toLowerCase(), checked])).slice(0, 12), 16) || 1;
  const at = webhook.receivedAt.toISOString();
  const record = toRecord({ project, ...checked, created_at: at, updated_at: at, id, iid: id }, webhook, settings);
  return { kind: 'records', records: [{ ...record, id: recordId(record.deployment, record.state) }] };
}

function toRecord(row: KeptRow, webhook: Webhook, settings: RecordSettings): NewChangeRecord {
  const { project, environment, status, updated_at: at } = row;
  const key = `gitlab-api:${settings.instance}:${project.toLowerCase()}:${row.id}`;
  const state = STATES[status];
  const sha = fullSha(row.sha);
  const { ref, tag = row.tag, mergeRequest } = nameCheckout(row.ref);
  return {
    id: recordId(key, state, at),
    deployment: key,
    source: settings.source,
    instance: settings.instance,
    signal: 'gitlab drop-in',
    authoritative: true,
    witness: 'report',
    state,
    changeType: 'deployment',
    environment: settings.environmentOf(environment),
    service: serviceOf(project),
    ...(project && { repository: { name: project, gitlabProject: project } }),
    ...(ref && { ref, tag }),
    ...(mergeRequest && { pullRequest: { number: mergeRequest } }),
    ...(sha && { commit: { sha } }),
    occurredAt: at,
    ...(state === 'running' && { startedAt: at }),
    ...(isFinal(state) && { finishedAt: at }),
    receivedAt: webhook.receivedAt.toISOString(),
    tags: [...settings.tags],
    notes: notesOf(row, sha),
  };
}

const notesOf = ({ project, sha }: KeptRow, full: string | undefined): string[] => [
  ...(project ? [] : ['The path names no GitLab project.']),
  ...(full ? [] : [`There is no commit: sha is ${JSON.stringify(sha.slice(0, 100))}, no full commit sha.`]),
];

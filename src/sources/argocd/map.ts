import { fullSha } from '../../values/sha.ts';
import { apiAnswer, mapKeptRow, refusalAnswer, routeOf } from '../gitlab-api/api.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Answer, Outcome } from '../outcome.ts';
import type { Webhook } from '../received-webhook.ts';
import { applicationIn, toNotification } from './application.ts';
import type { Application } from './application-schema.ts';
import { commitStatusAnswer, commitStatusPath, mapCommitStatus } from './commit-status.ts';
import { ignored, mapNotification, mapSync, notificationIn } from './contract.ts';
import { isDropInBody, mapDropIn, saysSomething } from './drop-in.ts';
import { withTier } from './environment.ts';
import { isFlat, mapFlat } from './flat.ts';
import type { Settings } from './settings.ts';
import { unmapped } from './unmapped.ts';

/** Never throws for an authentic body: with `oncePer`, Argo CD sends nothing a second time after a 4xx. */
export function toMapped(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return unmapped(payload);
  const notification = notificationIn(payload);
  if (notification) return mapNotification(notification, webhook, settings);
  const other = otherKindIn(payload);
  if (other) return ignored('unmapped', `${withArticle(other)} is no Application of Argo CD. ${APPLICATION_ADVICE}`);
  const found = applicationIn(payload);
  if (found && !isWrittenByHand(found.app)) {
    const { receivedAt } = webhook;
    const shown = toNotification(found, settings.applicationCommit.annotation);
    return mapSync(shown, { signal: 'argocd application', receivedAt, settings });
  }
  return mapByPath(payload, webhook, settings) ?? mapOthers(payload, webhook, settings);
}

/** The kind of an object of Kubernetes that is sent whole, alone or in a field, and is no Application. */
function otherKindIn(payload: object): string | undefined {
  const kinds = [payload, ...Object.values(payload)].flatMap((one: unknown) => (isWhole(one) ? [one.kind] : []));
  const [kind] = kinds.includes('Application') ? [] : kinds;
  return typeof kind === 'string' && /^\w{1,60}$/.test(kind) ? kind : undefined;
}

const isWhole = (value: unknown): value is { readonly kind: unknown } =>
  typeof value === 'object' && value !== null && 'apiVersion' in value && 'metadata' in value && 'kind' in value;

const withArticle = (kind: string): string => `${/^[AEIOU]/.test(kind) ? 'An' : 'A'} ${kind}`;

const APPLICATION_ADVICE =
  'Let the template send the Application, or fields of your own: at least an app, a status and a time.';

/**
 * A template that writes parts of an Application itself may leave out the start, by which a sync is known. `toJson`
 * writes the kind as well.
 */
const isWrittenByHand = ({ kind, status: { operationState } }: Application): boolean =>
  kind === undefined && operationState.phase !== undefined && operationState.startedAt === undefined;

/**
 * At a path of GitLab's API the path says what the body is: a row of the API, or what was stored before rows existed.
 */
function mapByPath(payload: object, webhook: Webhook, settings: Settings): Mapped | undefined {
  const status = commitStatusPath(webhook.path);
  if (status === 'malformed') return ignored('unmapped', 'The path holds a "%" that begins no percent-encoding.');
  if (status) return mapCommitStatus(payload, status, { webhook, settings });
  const route = routeOf(webhook.path);
  if (route?.kind !== 'deployments' && route?.kind !== 'deployment') return undefined;
  const { instance } = settings;
  const row = { source: 'argocd', instance, tags: ['argocd', 'gitlab-drop-in'], environmentOf: withTier };
  const kept = mapKeptRow(payload, webhook, row);
  if (kept) return kept;
  const isBefore = route.kind === 'deployments' && saysSomething(payload);
  return isBefore ? mapDropIn(payload, route.project, { webhook, settings }) : unmapped(payload);
}

/** A flat body that names an app has more than GitLab's deployment, although it may have all its fields. */
function mapOthers(payload: object, webhook: Webhook, settings: Settings): Mapped {
  if (isFlat(payload)) return mapFlat({ ...commitOf(webhook.path), ...payload }, webhook, settings);
  return isDropInBody(payload) ? mapDropIn(payload, undefined, { webhook, settings }) : unmapped(payload);
}

/** Templates set the status of a commit at the host of its repository: only the path names the commit. */
function commitOf(path: string): { readonly commit_sha?: string } {
  const sha = fullSha(/\/(?:statuses|commits?)\/([0-9a-f]{40,64})(?:\/|$)/i.exec(path)?.[1]);
  return sha ? { commit_sha: sha } : {};
}

/** Argo CD only writes the answer to its log; other users of GitLab's API read it. */
export function toAnswer(outcome: Outcome, webhook: Webhook): Answer | undefined {
  if (commitStatusPath(webhook.path)) return commitStatusAnswer(outcome) ?? apiRefusal(outcome);
  if (outcome.kind !== 'accepted') return routeOf(webhook.path) && apiRefusal(outcome);
  // it is not known yet whether one of the others is news
  const current = outcome.records.filter(({ history }) => !history?.recovered);
  const ids = current.map((record) => record.id);
  const deployments = [...new Set(current.map((record) => record.deployment))];
  return { status: 202, body: { accepted: true, status: 'accepted', ids, deployments } };
}

/** Senders to GitLab's API check the status alone, if at all: never 2xx for a body that reports nothing. */
function apiRefusal(outcome: Outcome): Answer | undefined {
  if (outcome.kind !== 'ignored') return refusalAnswer(outcome);
  const isEmpty = WITHOUT_DEPLOYMENT.has(outcome.reason);
  return isEmpty ? apiAnswer(400, { message: `400 Bad request - ${outcome.detail ?? outcome.reason}` }) : undefined;
}

const WITHOUT_DEPLOYMENT: ReadonlySet<IgnoredReason> = new Set(['unmapped', 'unknown_status', 'invalid_json']);

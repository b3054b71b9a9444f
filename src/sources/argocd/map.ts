import type { Answer, Mapped, Outcome, Webhook } from '../source.ts';
import { applicationIn, toNotification } from './application.ts';
import { commitStatusAnswer, commitStatusPath, mapCommitStatus } from './commit-status.ts';
import { ignored, isNotification, mapNotification, mapSync } from './contract.ts';
import { dropInAnswer, dropInPath, isDropInBody, mapDropIn, saysSomething } from './drop-in.ts';
import { isFlat, mapFlat } from './flat.ts';
import type { Settings } from './settings.ts';
import { unmapped } from './unmapped.ts';

/** Never throws for an authentic body: with `oncePer`, Argo CD sends nothing a second time after a 4xx. */
export function toMapped(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return unmapped(payload);
  if (isNotification(payload)) return mapNotification(payload, webhook, settings);
  const found = applicationIn(payload);
  if (found) {
    const { receivedAt } = webhook;
    const notification = toNotification(found, settings.applicationCommit.annotation);
    return mapSync(notification, { signal: 'argocd application', receivedAt, settings });
  }
  return mapByPath(payload, webhook, settings) ?? mapOthers(payload, webhook, settings);
}

/** At a path of GitLab's API the path says what the body is. */
function mapByPath(payload: object, webhook: Webhook, settings: Settings): Mapped | undefined {
  const status = commitStatusPath(webhook.path);
  if (status === 'malformed') return ignored('unmapped', MALFORMED);
  if (status) return mapCommitStatus(payload, status, { webhook, settings });
  const path = dropInPath(webhook.path);
  if (!path) return undefined;
  if (path.kind === 'malformed') return ignored('unmapped', MALFORMED);
  if (path.kind === 'update') return ignored('unmapped', NO_UPDATE);
  return saysSomething(payload) ? mapDropIn(payload, path.project, { webhook, settings }) : unmapped(payload);
}

const MALFORMED = 'The path holds a "%" that begins no percent-encoding.';
const NO_UPDATE =
  'Shiplog cannot find a deployment by the id of the path. POST it again with its new status: the same project, environment and sha is the same deployment.';

/** A flat body that names an app says more than GitLab's deployment, although it may hold all its fields. */
function mapOthers(payload: object, webhook: Webhook, settings: Settings): Mapped {
  if (isFlat(payload)) return mapFlat(payload, webhook, settings);
  return isDropInBody(payload) ? mapDropIn(payload, undefined, { webhook, settings }) : unmapped(payload);
}

/** Argo CD only writes the answer to its log; other users of GitLab's API read it. */
export function toAnswer(outcome: Outcome, webhook: Webhook): Answer | undefined {
  if (commitStatusPath(webhook.path)) return commitStatusAnswer(outcome);
  if (dropInPath(webhook.path)) return dropInAnswer(outcome);
  if (outcome.kind !== 'accepted') return undefined;
  const told = outcome.records.filter(({ history }) => !history?.recovered); // whether one of the others is news, nobody knows yet
  const ids = told.map((record) => record.id);
  const deployments = [...new Set(told.map((record) => record.deployment))];
  return { status: 202, body: { accepted: true, status: 'accepted', ids, deployments } };
}

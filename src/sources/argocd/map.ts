import type { Answer, Mapped, Outcome, Webhook } from '../source.ts';
import { isNotification, mapNotification } from './contract.ts';
import { dropInAnswer, dropInPath, isDropInBody, mapDropIn, saysSomething } from './drop-in.ts';
import type { Settings } from './settings.ts';
import { isApplication, isWrappedApplication, unmapped } from './unmapped.ts';

/** Never throws for an authentic body: with `oncePer`, Argo CD sends nothing a second time after a 4xx. */
export function toMapped(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return unmapped(payload);
  if (isNotification(payload)) return mapNotification(payload, webhook, settings);
  if (isApplication(payload) || isWrappedApplication(payload)) return unmapped(payload);
  const path = dropInPath(webhook.path);
  if (!path) return isDropInBody(payload) ? mapDropIn(payload, undefined, { webhook, settings }) : unmapped(payload);
  if (path.kind === 'malformed') return ignored('The path holds a "%" that begins no percent-encoding.');
  if (path.kind === 'update') return ignored('An update of a GitLab deployment by its id is not understood yet.');
  return saysSomething(payload) ? mapDropIn(payload, path.project, { webhook, settings }) : unmapped(payload);
}

const ignored = (detail: string): Mapped => ({ kind: 'ignored', reason: 'unmapped', detail });

/** Argo CD only writes the answer to its log; other users of GitLab's API read it. */
export function toAnswer(outcome: Outcome, webhook: Webhook): Answer | undefined {
  if (dropInPath(webhook.path)) return dropInAnswer(outcome);
  if (outcome.kind !== 'accepted') return undefined;
  const ids = outcome.records.map((record) => record.id);
  const deployments = [...new Set(outcome.records.map((record) => record.deployment))];
  return { status: 202, body: { accepted: true, status: 'accepted', ids, deployments } };
}

import { WebhookRejected } from '../../domain/errors.ts';
import { asObject, type JsonObject } from '../../values/json.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { fromBuildStatus } from './build-status.ts';
import { fromCloud } from './cloud.ts';
import { fromDataCenter } from './data-center.ts';
import { type Context, ignored, short } from './parts.ts';
import type { BuildStatusRules } from './rules.ts';
import { DataCenterDeployment, Text } from './schema.ts';
import { fromSpans } from './spans.ts';
import { fromStep, stepVariables } from './step.ts';

/** The connection test of Data Center. Recognised by the header alone: a body can claim anything. */
export const isPing = ({ headers }: WebhookHead): boolean => headers['x-event-key'] === 'diagnostics:ping';

export interface Settings {
  readonly instance: string;
  /** Bitbucket's API may be asked. */
  readonly asks: boolean;
  readonly rules: BuildStatusRules;
}

/**
 * Bitbucket has no deployment webhook. A deployment comes as Cloud's REST object, as the variables of a pipeline step,
 * or as Data Center's REST object. Of all that Bitbucket sends by itself, build statuses and traces are a reason to ask
 * its API; the rest is ignored with a reason.
 */
export function toMapped(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  if (isPing(webhook)) return ignored('ping');
  const body = asObject(payload);
  if (!body) throw new WebhookRejected('bad_payload', 'the body is not a JSON object');
  const { instance, asks } = settings;
  const context = { instance, asks, receivedAt: webhook.receivedAt.toISOString() };
  const eventKey = Text.parse(webhook.headers['x-event-key'] ?? body['eventKey'] ?? body['eventType']);

  const wrapped = asObject(body['deployment']);
  if ((wrapped ?? body)['deploymentSequenceNumber'] != null) {
    return fromDataCenter(DataCenterDeployment.parse({ ...body, ...wrapped }), context);
  }
  if (wrapped || isDeployment(body)) return fromCloud(wrapped ?? body, body, context);
  const variables = stepVariables(body);
  if (variables) return fromStep(variables, context);
  // No such event exists yet; BCLOUD-18288 asks for these names.
  if (eventKey && /^(?:deployment:|repo:deployment)/.test(eventKey)) return fromCloud(body, body, context);
  return notDeployed(body, { eventKey, context, rules: settings.rules });
}

/** The specification and the live API call it by different types. */
const isDeployment = (body: JsonObject): boolean =>
  body['type'] === 'deployment' || ['environment', 'state', 'release'].every((part) => asObject(body[part]));

function notDeployed(
  body: JsonObject,
  reported: { eventKey: string | undefined; context: Context; rules: BuildStatusRules },
): Mapped {
  const { eventKey, context, rules } = reported;
  if (/^repo:commit_status_/.test(eventKey ?? '') || (!eventKey && asObject(body['commit_status']))) {
    return fromBuildStatus(body, context, rules);
  }
  if (eventKey === 'pipeline:span_created' || (!eventKey && Array.isArray(body['resourceSpans']))) {
    return fromSpans(body, context);
  }
  if (eventKey) return ignored('not_a_deployment', `${short(eventKey)} reports no deployment`);
  return ignored('unmapped', 'neither X-Event-Key nor a deployment, nor the variables of a deployment step');
}

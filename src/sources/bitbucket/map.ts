import { WebhookRejected } from '../../domain/errors.ts';
import type { Mapped, Webhook } from '../source.ts';
import { fromCloud } from './cloud.ts';
import { fromDataCenter } from './data-center.ts';
import { asObject, ignored, type JsonObject, short } from './parts.ts';
import { DataCenterDeployment, Text } from './schema.ts';
import { fromStep, stepVariables } from './step.ts';

/** The connection test of Data Center. Only the header says so: a body is free to claim anything. */
export const isPing = (webhook: Webhook): boolean => webhook.headers['x-event-key'] === 'diagnostics:ping';

/**
 * Bitbucket has no deployment webhook. A deployment comes as Cloud's REST object, as the variables of a pipeline step,
 * or as Data Center's REST object; all that Bitbucket sends by itself is ignored with a reason.
 */
export function toMapped(payload: unknown, webhook: Webhook, instance: string): Mapped {
  if (isPing(webhook)) return ignored('ping');
  const body = asObject(payload);
  if (!body) throw new WebhookRejected('bad_payload', 'the body is not a JSON object');
  const context = { instance, receivedAt: webhook.receivedAt.toISOString() };
  const eventKey = Text.parse(webhook.headers['x-event-key'] ?? body['eventKey'] ?? body['eventType']);

  const wrapped = asObject(body['deployment']);
  if ((wrapped ?? body)['deploymentSequenceNumber'] != null) {
    return fromDataCenter(DataCenterDeployment.parse({ ...body, ...wrapped }), context);
  }
  if (wrapped || body['type'] === 'deployment') return fromCloud(wrapped ?? body, body, context);
  const variables = stepVariables(body);
  if (variables) return fromStep(variables, context);
  // No such event exists yet; BCLOUD-18288 asks for these names.
  if (eventKey && /^(?:deployment:|repo:deployment)/.test(eventKey)) return fromCloud(body, body, context);
  return notDeployed(body, eventKey);
}

function notDeployed(body: JsonObject, eventKey: string | undefined): Mapped {
  if (/^repo:commit_status_/.test(eventKey ?? '') || (!eventKey && asObject(body['commit_status']))) {
    return ignored(
      'needs_lookup',
      'a build status names no environment; let the deployment step post to Shiplog, see the README of the Bitbucket source',
    );
  }
  if (eventKey === 'pipeline:span_created' || (!eventKey && Array.isArray(body['resourceSpans']))) {
    return ignored(
      'needs_lookup',
      'a pipeline trace names no environment and calls failed runs COMPLETE too; let the deployment step post to Shiplog, see the README of the Bitbucket source',
    );
  }
  if (eventKey) return ignored('not_a_deployment', `${short(eventKey)} tells of no deployment`);
  return ignored('unmapped', 'neither X-Event-Key nor a deployment, nor the variables of a deployment step');
}

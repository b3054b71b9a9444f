import type { ToolFacts } from '../source.ts';

/** PagerDuty's documentation, "Verifying signatures". */
export const SIGNATURE = 'x-pagerduty-signature';

export const FACTS = {
  type: 'alerts',
  productName: 'Alerts',
  changeLogName: undefined,
  witness: undefined,
  pipelineLabel: 'alert',
  keptHeaders: ['x-webhook-id'],
  deliveryIdHeaders: ['x-webhook-id'],
  proofHeaders: ['authorization', SIGNATURE],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: {
    ping: "PagerDuty's test of a webhook subscription (`pagey.ping`).",
    not_a_deployment: 'PagerDuty reports a note, a responder or a service, and not an incident.',
    unknown_status: 'An alert whose status is neither firing nor resolved, or an incident in an unknown status.',
    bad_payload: 'The body has none of the formats of Alertmanager, Grafana alerting and PagerDuty webhooks v3.',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

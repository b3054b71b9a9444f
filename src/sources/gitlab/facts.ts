import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'gitlab',
  productName: 'GitLab',
  changeLogName: 'gitlab',
  pipelineLabel: 'pipeline',
  keptHeaders: [
    'idempotency-key',
    'webhook-id',
    'x-gitlab-event',
    'x-gitlab-instance',
    'x-gitlab-event-uuid',
    'x-gitlab-webhook-uuid',
  ],
  deliveryIdHeaders: ['webhook-id', 'idempotency-key', 'x-gitlab-webhook-uuid'],
  proofHeaders: ['x-gitlab-token', 'webhook-signature'],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  secretsMayRead: false,
} as const satisfies ToolFacts;

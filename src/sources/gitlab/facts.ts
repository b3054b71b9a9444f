import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'gitlab',
  productName: 'GitLab',
  changeLogName: 'gitlab',
  witness: 'job',
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
  reasonNotes: {
    no_environment: 'A job without `environment:` in .gitlab-ci.yml, or a pipeline none of whose jobs has one.',
    not_a_start: 'A job with `environment:action` stop, prepare, verify or access.',
    echo: 'The sink gitlab-deployments created it with the Deployments API.',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

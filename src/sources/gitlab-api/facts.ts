import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'gitlab-api',
  productName: "GitLab's Deployments API",
  changeLogName: 'gitlab-api',
  witness: 'report',
  pipelineLabel: 'pipeline',
  keptHeaders: ['idempotency-key', 'x-request-id'],
  deliveryIdHeaders: ['idempotency-key', 'x-request-id'],
  proofHeaders: ['private-token', 'job-token', 'authorization'],
  escapeAdvice: 'send a form (`curl --data-urlencode environment=…`), or build the body with `jq -n --arg`',
  wrongMethodAdvice: undefined,
  reasonNotes: {},
  secretsMayRead: false, // it reads its own deployments, and nothing else of the change log
} as const satisfies ToolFacts;

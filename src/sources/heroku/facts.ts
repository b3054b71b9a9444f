import type { ToolFacts } from '../source.ts';

/** devcenter.heroku.com/articles/app-webhooks, "Securing webhook requests". */
export const SIGNATURE = 'heroku-webhook-hmac-sha256';

export const FACTS = {
  type: 'heroku',
  productName: 'Heroku',
  changeLogName: 'heroku',
  witness: undefined,
  pipelineLabel: 'pipeline',
  keptHeaders: ['x-request-id'],
  deliveryIdHeaders: ['x-request-id'],
  proofHeaders: [SIGNATURE],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: {},
  secretsMayRead: false,
} as const satisfies ToolFacts;

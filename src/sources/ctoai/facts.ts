import { KEY_HEADERS } from '../signature.ts';
import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'ctoai',
  productName: 'CTO.ai',
  changeLogName: 'ctoai',
  witness: 'report',
  pipelineLabel: 'pipeline',
  keptHeaders: ['idempotency-key', 'x-request-id'],
  deliveryIdHeaders: ['idempotency-key', 'x-request-id'],
  proofHeaders: ['authorization', ...KEY_HEADERS],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: {},
  secretsMayRead: false,
} as const satisfies ToolFacts;

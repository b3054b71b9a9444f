import { KEY_HEADERS } from '../signature.ts';
import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'changes-api',
  productName: 'Changes API',
  changeLogName: undefined,
  witness: 'report',
  pipelineLabel: 'pipeline',
  keptHeaders: ['idempotency-key', 'x-request-id'],
  deliveryIdHeaders: ['idempotency-key', 'x-request-id'],
  proofHeaders: ['authorization', ...KEY_HEADERS],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: { bad_payload: 'The field `summary` is required.' },
  secretsMayRead: true, // that is how the keys of Alert24 work
} as const satisfies ToolFacts;

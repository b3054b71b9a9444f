import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'argocd',
  productName: 'Argo CD',
  changeLogName: 'argocd',
  witness: 'sync',
  pipelineLabel: 'Argo CD', // the page of the application stands where others have a pipeline
  keptHeaders: ['idempotency-key', 'x-request-id'],
  deliveryIdHeaders: ['idempotency-key', 'x-request-id'],
  proofHeaders: ['authorization', 'private-token', 'x-gitlab-token'],
  escapeAdvice: 'in the template, write every value with toJson, which escapes it',
  wrongMethodAdvice: 'the template has no "webhook:" section for this service',
  reasonNotes: {
    not_a_deployment: 'A degraded application, while `degraded: ignore` is set.',
    no_op: 'Argo CD synced a revision that was already deployed.',
    too_old: 'Argo CD sends the last sync of every application at its first subscription.',
    invalid_json: 'In the template, write `toJson` for every value.',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

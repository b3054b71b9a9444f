import type { ToolFacts } from '../source.ts';

/** The facts that all mappings share. Headers, name and notes come from the configuration or its preset. */
export const FACTS = {
  type: 'webhook',
  productName: 'Webhook',
  changeLogName: undefined,
  witness: undefined,
  pipelineLabel: 'pipeline',
  keptHeaders: [],
  deliveryIdHeaders: [],
  proofHeaders: ['authorization'],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: {
    bad_payload: 'With a mapping of your own: the field that identifies the deployment is missing.',
    unknown_status: 'With a mapping of your own: a status that is neither in the map of `state` nor under `ignore`.',
    no_environment: 'With `without_environment: ignore`: no path of `environment` has a value.',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

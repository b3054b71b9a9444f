import type { ToolFacts } from '../source.ts';

export const FACTS = {
  type: 'bitbucket',
  productName: 'Bitbucket',
  /** Its name in the snippet for Bitbucket Pipelines in Alert24's own guide. */
  changeLogName: 'bitbucket-pipelines',
  witness: 'job',
  pipelineLabel: 'pipeline',
  // Cloud sends the X- headers, Data Center X-Request-Id.
  keptHeaders: ['x-event-key', 'x-hook-uuid', 'x-request-uuid', 'x-request-id', 'x-attempt-number'],
  deliveryIdHeaders: ['x-request-uuid', 'x-request-id'],
  proofHeaders: ['x-hub-signature'],
  escapeAdvice: 'build the body with `jq -n --arg`, which escapes it',
  wrongMethodAdvice: undefined,
  reasonNotes: {
    no_environment: 'A step without `deployment:` in bitbucket-pipelines.yml.',
    needs_lookup: 'A build status or a pipeline trace: neither names an environment.',
    bad_payload: 'The body of the step contains no commit.',
    unproved: 'In Data Center the button is called "Test connection".',
    ping: 'In Data Center the button is called "Test connection".',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

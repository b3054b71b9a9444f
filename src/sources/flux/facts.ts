import type { ToolFacts } from '../source.ts';

/** https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac */
export const SIGNATURE = 'x-signature';

export const FACTS = {
  type: 'flux',
  productName: 'Flux',
  changeLogName: 'flux',
  witness: 'sync',
  pipelineLabel: 'reconciliation',
  keptHeaders: ['gotk-component'],
  deliveryIdHeaders: [],
  proofHeaders: [SIGNATURE],
  escapeAdvice: 'use the provider generic-hmac, which sends JSON',
  wrongMethodAdvice: undefined,
  reasonNotes: {
    not_a_deployment: 'Flux reports a source, an image policy or another object that is not deployed.',
    not_started: 'Flux waits for a dependency, or could not fetch the source.',
    self_heal: 'Flux detected or corrected drift of a HelmRelease.',
    app_deleted: 'Flux uninstalled a HelmRelease.',
  },
  secretsMayRead: false,
} as const satisfies ToolFacts;

import type { ToolFacts } from '../../src/sources/source.ts';

/** Facts of an invented tool, for stand-ins of sources. */
export const anyFacts = (type = 'beacon') =>
  ({
    type,
    productName: type,
    changeLogName: type,
    witness: undefined,
    pipelineLabel: 'pipeline',
    keptHeaders: [],
    deliveryIdHeaders: [],
    proofHeaders: ['authorization'],
    escapeAdvice: 'escape it',
    wrongMethodAdvice: undefined,
    reasonNotes: {},
    secretsMayRead: false,
  }) satisfies ToolFacts;

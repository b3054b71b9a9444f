import { z } from 'zod';
import { Witness } from '../../domain/change-record.ts';
import { IGNORED_REASONS } from '../mapped.ts';
import { Conditions } from './conditions.ts';
import { FieldName } from './field-names.ts';

const FIELDS_ADVICE = 'write fields of a change, each with a value such as { path: run.id }';

/** Every value is written in the language of src/templates. */
const Values = z.partialRecord(FieldName, z.unknown(), FIELDS_ADVICE);

/** A kind of event that is a deployment. The first whose `when` holds counts. */
const Event = z.strictObject({
  /** The record's name for the signal. */
  name: z.string().min(1).max(60).optional(),
  when: Conditions.optional(),
  fields: Values,
});

/**
 * Events that are no deployment, and why: checked before everything else, so that they are ignored for the right
 * reason.
 */
const Ignored = z.strictObject({
  when: Conditions,
  reason: z.enum(IGNORED_REASONS).default('not_a_deployment'),
  detail: z.string().min(1).max(200).optional(),
});

/** What is read of a payload. A preset is one of these, and the configuration is another that is merged over it. */
export const Mapping = z.strictObject({
  ignore: z.array(Ignored).default([]),
  when: Conditions.optional(),
  fields: Values.optional(),
  events: z.array(Event).min(1).optional(),
  /** Of what names no environment: a change in "unknown", or none at all. */
  without_environment: z.enum(['record', 'ignore']).optional(),
  /** As which kind of witness it reports, where another tool may report the same deployment. */
  witness: Witness.optional(),
});
export type Mapping = z.infer<typeof Mapping>;
/** As it is written in the configuration. */
export type WrittenMapping = z.input<typeof Mapping>;

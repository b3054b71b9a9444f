import { z } from 'zod';
import { State } from '../../domain/change-record.ts';
import { Match } from '../../domain/rules/match.ts';
import { AnswerPath, Success } from './answer.ts';
import { Auth } from './auth.ts';
import { Retrying } from './retry.ts';

const Method = z.enum(['POST', 'PUT', 'PATCH']);

/** The HTTP client sets these itself, or they would describe the body wrongly. */
const OWN_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'content-encoding'];

/** A record whose keys are checked: zod's own message for a wrong key does not say what is right. */
export const named = <Value extends z.ZodType>(value: Value, key: RegExp, advice: string) =>
  z.record(z.string(), value).superRefine((record, context) => {
    for (const name of Object.keys(record))
      if (!key.test(name)) context.addIssue({ code: 'custom', path: [name], message: advice });
  });

const Headers = named(z.unknown(), /^[A-Za-z0-9-]+$/, 'write the name of a header, such as X-Source').superRefine(
  (headers, context) => {
    for (const name of Object.keys(headers))
      if (OWN_HEADERS.includes(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'this header is made by Shiplog itself' });
  },
);

/** What a configuration, or a preset, says of a destination. Bodies, headers and URLs are templates (template.ts). */
export const Written = z.strictObject({
  method: Method.optional(),
  url: z.string().optional(),
  headers: Headers.optional(),
  body: z.unknown().optional(),
  auth: Auth.optional(),
  states: z.array(State).min(1).optional(),
  success: Success.optional(),
  remote_id: AnswerPath.optional(),
  remote_url: AnswerPath.optional(),
  update: z
    .strictObject({
      method: Method.default('PUT'),
      url: z.string(),
      headers: Headers.optional(),
      body: z.unknown().optional(),
      /** States that are only sent as updates. */
      states: z.array(State).default([]),
      /** Default: that of the whole. */
      success: Success.optional(),
    })
    .optional(),
  /** The consequence of a deployment for another one that the destination has. Only with `idempotent: true`. */
  follow_up: z
    .strictObject({
      when: Match.default({}),
      if_known: z.union([z.string(), z.array(z.string())]).default([]),
      method: Method.default('PATCH'),
      url: z.string(),
      headers: Headers.optional(),
      body: z.unknown().optional(),
    })
    .optional(),
  /** A GET that changes nothing, for the doctor. */
  check: z.string().optional(),
  idempotent: z.boolean().optional(),
  /**
   * It keeps one alert, or one status, for each service in each environment: no older state is sent after a newer one.
   */
  per: z.literal('service').optional(),
  retry: Retrying.optional(),
  rate_per_minute: z.number().int().positive().max(60_000).optional(),
});
export type Written = z.infer<typeof Written>;

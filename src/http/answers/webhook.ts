import { z } from 'zod';
import { Time } from '../../values/time.ts';
import { StoredRecord } from './deployment.ts';
import { Count } from './shared.ts';

const Traffic = { taken: Count, ignored: Count, refused: Count };

/** For one source. */
export const SourceTraffic = z.strictObject({
  source: z.string(),
  type: z.string(),
  last_24h: z.strictObject(Traffic),
  /** Oldest first, this hour last. */
  hours: z.array(z.strictObject({ from: Time, ...Traffic })),
  /** Set when it has been silent for longer than ever before. */
  silent_since: Time.nullable(),
});
export type SourceTraffic = z.infer<typeof SourceTraffic>;

export const Webhook = z.strictObject({
  id: z.string(),
  receivedAt: Time,
  source: z.string(),
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  verdict: z.enum(['accepted', 'recorded', 'duplicate', 'ignored', 'unproved', 'rejected']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  deployments: z.array(z.string()),
  /** The first of the alerts that it reported, by id. */
  alerts: z.array(z.string()).optional(),
  bytes: Count,
  /** It came while Redis was away, and waited on disk. */
  spooled: z.boolean().optional(),
  /** Of a refusal: from where it came, and how often it came again for the same reason. */
  address: z.string().optional(),
  count: Count.optional(),
});
export type Webhook = z.infer<typeof Webhook>;

export const WebhookWithBody = Webhook.extend({
  /** For an admin alone. Absent: not kept, since the sender is unknown. */
  body: z.string().optional(),
  words: z.strictObject({ means: z.string(), when: z.string(), advice: z.string() }).optional(),
});
export type WebhookWithBody = z.infer<typeof WebhookWithBody>;

/** The parts that programs use; the rest is for people and may change. */
export const Explanation = z.looseObject({
  source: z.strictObject({ name: z.string(), type: z.string() }),
  verdict: z.enum(['accepted', 'ignored', 'rejected']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  signature: z.enum(['valid', 'wrong', 'not checked']),
  records: z.array(StoredRecord),
});

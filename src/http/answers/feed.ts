import { z } from 'zod';
import { Attempt } from './deployment.ts';
import { Webhook } from './webhook.ts';

export const FeedItem = z.discriminatedUnion('kind', [
  z.strictObject({
    position: z.string(),
    kind: z.literal('webhook'),
    /** In its present state; the id alone when the inbox has deleted it. */
    webhook: z.union([Webhook, z.strictObject({ id: z.string() })]),
  }),
  z.strictObject({
    position: z.string(),
    kind: z.literal('delivery'),
    sink: z.string(),
    deployment: z.string(),
    attempt: Attempt,
  }),
]);
export type FeedItem = z.infer<typeof FeedItem>;

export const FeedMeta = z.strictObject({
  /** Ask with `after` set to this. */
  next: z.string(),
  /** True: events between `after` and the first of this page may be lost. */
  gap: z.boolean(),
  /** Ask again at once. */
  more: z.boolean(),
});

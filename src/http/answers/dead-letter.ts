import { z } from 'zod';
import { Time } from '../../values/time.ts';
import { Count } from './shared.ts';

export const DeadLetter = z.strictObject({
  id: z.string(),
  sink: z.string(),
  kind: z.enum(['refused', 'fault']),
  source: z.string().optional(),
  deployment: z.string().optional(),
  webhook: z.string().optional(),
  why: z.string(),
  madeAt: Time,
  diedAt: Time,
  attempts: Count,
});
export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetterMeta = z.strictObject({ total: Count, limit: Count });

export const Replayed = z.strictObject({ matched: Count, replayed: Count, dry_run: z.boolean() });

export const Dropped = z.strictObject({ matched: Count, dropped: Count, dry_run: z.boolean() });

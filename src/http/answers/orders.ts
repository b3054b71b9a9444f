import { z } from 'zod';
import { Time } from '../../values/time.ts';
import { Count } from './shared.ts';

export const Redelivered = z.strictObject({
  looked: z.int().describe('Deployments of that time in the change log'),
  queued: z.int().describe('Those that the sink wants: they are in its queue now'),
});

export const Reconciled = z.strictObject({
  source: z.string(),
  since: Time,
  listed: Count,
  recorded: z.array(z.string()),
  warnings: z.array(z.string()),
  failed: z.string().optional(),
});

export const RuleHits = z.strictObject({ name: z.string(), matched: Count });

export const EndedSessions = z.strictObject({ ended: Count });

export const ReplayedWebhook = z.strictObject({ webhook: z.string(), records: Count });

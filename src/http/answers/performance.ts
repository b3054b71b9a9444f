import { z } from 'zod';
import { Time } from '../../values/time.ts';
import { Count } from './shared.ts';

const Figures = z.strictObject({
  finished: Count,
  succeeded: Count,
  deployments_per_day: z.number().nullable(),
  lead_time_seconds: Count.nullable(),
  /** For this many deployments of a new commit the time of the commit is known. */
  lead_time_known: Count,
  lead_time_of: Count,
  change_failure_rate: z.number().nullable(),
  failed: Count,
  rolled_back: Count,
  changes: Count,
  time_to_restore_seconds: Count.nullable(),
  restored: Count,
  not_restored: Count,
});

/** `service`, `environment` or `team`, as asked. */
export const Performance = Figures.extend({
  service: z.string().optional(),
  environment: z.string().optional(),
  team: z.string().optional(),
  /** Distinguishes it from another service of the same name. Null where there is no other. */
  qualifier: z.string().nullable(),
  /** The same for the span of the same length before. */
  previous: Figures.nullable(),
});
export type Performance = z.infer<typeof Performance>;

export const PerformanceMeta = z.strictObject({
  since: Time,
  until: Time,
  environment: z.string(),
  /** What the change failure rate and the time to restore count. */
  failures: z.enum(['deployments', 'alerts']),
  /** False: only the newest of the span were read. */
  is_whole: z.boolean(),
});

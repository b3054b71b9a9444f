import { z } from 'zod';
import { ChangeType, State } from '../../domain/change-record.ts';
import { Time } from '../../values/time.ts';
import { Count, SearchStopped } from './shared.ts';

/** What the timeline draws: overlapping marks are merged into one with their count. */
export const TimelineLane = z.strictObject({
  lane: z.string(),
  count: Count,
  rows: z.array(
    z.strictObject({
      row: z.enum(['rollback', 'failed', 'busy', 'done']),
      marks: z.array(
        z.strictObject({
          count: Count,
          from: Time,
          to: Time,
          /** The newest of them. */
          deployment: z.string(),
          status: State,
          change_type: ChangeType,
        }),
      ),
    }),
  ),
});

export const TimelineMeta = z.strictObject({ since: Time, until: Time, total: Count, ...SearchStopped });

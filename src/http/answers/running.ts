import { z } from 'zod';
import { ChangeType, State, Tier } from '../../domain/change-record.ts';
import { Time } from '../../values/time.ts';
import { Count, Owner, UnknownName } from './shared.ts';

/** One service in one environment: what succeeded there last. */
export const Running = z.strictObject({
  service: z.string(),
  service_id: z.string().nullable(),
  /**
   * Distinguishes it from another service of the same name: project, service id, part. Null where there is no other.
   */
  qualifier: z.string().nullable(),
  environment: z.string(),
  /** The tier that the tool gave, else what the name suggests. */
  environment_tier: Tier,
  tier_is_guessed: z.boolean(),
  environment_url: z.string().nullable(),
  deployment: z.string(),
  commit_sha: z.string().nullable(),
  commit_url: z.string().nullable(),
  commit_message: z.string().nullable(),
  branch: z.string().nullable(),
  artifacts: z.array(z.string()),
  change_type: ChangeType,
  repository: z.string().nullable(),
  /** When it succeeded. */
  since: Time,
  /** It has failed since then, such as degraded, and nothing has replaced it. */
  failed_at: Time.nullable(),
  changed_by: z.string().nullable(),
  owner: Owner.nullable(),
  replaced: z.string().nullable(),
  /** The latest attempt since, which replaced nothing. */
  last_attempt: z
    .strictObject({
      deployment: z.string(),
      status: State,
      /** It has not ended, and is stale. */
      stale: z.boolean(),
      revision: z.string().nullable(),
      changed_by: z.string().nullable(),
      occurred_at: Time,
    })
    .nullable(),
  /** Compared with the highest tier in which the service runs. `deployments`: the number between the two. */
  drift: z
    .strictObject({
      environment: z.string(),
      commit_sha: z.string().nullable(),
      which: z.enum(['same', 'ahead', 'behind', 'unknown']),
      deployments: Count.nullable(),
      compare_url: z.string().nullable(),
    })
    .nullable(),
});
export type Running = z.infer<typeof Running>;

export const RunningMeta = z.strictObject({ total: Count, unknown: z.array(UnknownName).optional() });

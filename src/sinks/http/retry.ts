import { z } from 'zod';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import type { JsonAnswer } from '../../outbound/http.ts';
import { parsePath, valuesAt } from '../../templates/path.ts';
import { HOUR_MS } from '../../values/units.ts';

const Status = z.number('write a status such as 409').int().min(200).max(599);

/** Answers that this destination uses differently from others. The queue's limits still apply. */
export const Retrying = z
  .strictObject({
    /** Answers that are retried, though they would be final: 409 for a deployment that is still locked. */
    on: z.array(Status).default([]),
    /** Answers that are final, though they would be retried: 501. */
    never: z.array(Status).default([]),
    /** The same by the body of an answer: by any of these texts at the path, in any item of a list on the way. */
    body: z.strictObject({ path: z.string(), any_of: z.array(z.string()).min(1) }).optional(),
    /** After this long a deployment is no news for the destination. */
    hours: z.number().positive().max(72, 'deliveries are tried for 72 hours at most').optional(),
  })
  .refine(
    ({ on, never }) => !on.some((status) => never.includes(status)),
    'a status is listed under both on and never',
  );
export type Retrying = z.infer<typeof Retrying>;

/** Whether the body of an answer says that a later attempt may succeed. */
export const isWorthRetry = (answer: JsonAnswer, retry: Retrying | undefined): boolean =>
  retry?.body !== undefined &&
  valuesAt(answer.json, parsePath(retry.body.path)).some((value) => retry.body?.any_of.includes(String(value)));

/**
 * The failure of an attempt, with the retry that the configuration demands. One attempt is always made: a replay may be
 * late.
 */
export function asWritten(
  failed: unknown,
  retry: Retrying | undefined,
  { deployment, now }: { deployment: Deployment; now: Date },
): unknown {
  if (!retry || !(failed instanceof DeliveryFailed)) return failed;
  const { status } = failed;
  if (status !== undefined && retry.never.includes(status)) return again(failed, 'never');
  const advised =
    failed.retry === 'never' && status !== undefined && retry.on.includes(status) ? again(failed, 'backoff') : failed;
  const ageMs = now.getTime() - Date.parse(deployment.occurredAt);
  if (advised.retry !== 'backoff' || retry.hours === undefined || ageMs <= retry.hours * HOUR_MS) return advised;
  return again(
    advised,
    'never',
    `. It happened more than ${retry.hours} hours ago and is not tried again (retry: hours)`,
  );
}

/** The same failure with another retry. */
export const again = ({ message, status, cause }: DeliveryFailed, retry: 'never' | 'backoff', more = '') =>
  new DeliveryFailed(`${message}${more}`, { retry, status, cause });

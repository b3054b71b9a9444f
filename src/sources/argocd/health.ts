import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import { toIso } from '../../values/time.ts';
import type { Notification } from './schema.ts';

/** What makes an applied sync a success: the health, also while a roll-out is suspended, or the sync alone. */
export const HealthyWhen = z.enum(['healthy', 'suspended', 'synced']);
export type HealthyWhen = z.infer<typeof HealthyWhen>;

/** Argo CD: pkg/apis/application/v1alpha1/types.go. Another word is not understood. */
const WAITING = ['Progressing', 'Missing', 'Suspended', 'Unknown'];
export const isHealthWord = (status: string): boolean =>
  status === 'Healthy' || status === 'Degraded' || WAITING.includes(status);

/** The health without the effect of the application's deletion. */
export function healthNow({ health, app, event }: Notification): Notification['health'] {
  const reported = event === 'degraded' ? { ...health, status: 'Degraded' } : health;
  const goneAt = toIso(app.deleted_at);
  const since = toIso(health.since);
  const isRemoval = goneAt !== undefined && reported.status !== 'Healthy' && (since === undefined || since >= goneAt);
  return isRemoval ? { ...reported, status: 'Unknown' } : reported;
}

/** One deployment that was applied. Its health is the application's from then until the next one. */
export interface HealthPeriod {
  readonly startedAt: string;
  readonly appliedAt: string;
  /** When the next operation began. Absent: the present health is still the health of this one. */
  readonly until?: string;
  /** No operation that deploys came after it: a later failure is caused by this deployment. */
  readonly isLast: boolean;
}

/** How it ended, by the health. `running`: it has not ended as far as the health shows. */
export interface Outcome {
  readonly state: Extract<State, 'running' | 'succeeded' | 'failed'>;
  /** When it reached that state, where that is known and later than the sync. */
  readonly changedAt?: string;
  /** The application was degraded before this began, and still is. */
  readonly wasDegraded?: true;
  /** The health shows it, and not since when: at the latest since it was reported. */
  readonly isUndated?: true;
}

/**
 * Applied is not healthy. `health.since` is when the health last changed: from then until now the application was what
 * it is now, which is how a later notification still reports an earlier deployment. Before Argo CD 2.14 the time is
 * unknown.
 */
export function outcomeOf(
  { status, since: reported }: Notification['health'],
  span: HealthPeriod,
  counts: HealthyWhen,
): Outcome {
  const { startedAt, appliedAt, until, isLast } = span;
  const since = toIso(reported);
  const changed = since !== undefined && since > appliedAt ? { changedAt: since } : undated(status, since);
  const otherwise: Outcome = { state: counts === 'synced' ? 'succeeded' : 'running' };
  if (status === 'Degraded') {
    if (since !== undefined && since < startedAt) return { ...otherwise, wasDegraded: true };
    return isLast ? { state: 'failed', ...changed } : otherwise;
  }
  const isGood = status === undefined || status === 'Healthy' || (counts !== 'healthy' && status === 'Suspended');
  const wasSo = until === undefined || (since !== undefined && since <= until);
  return isGood && wasSo ? { state: 'succeeded', ...changed } : otherwise;
}

const undated = (status: string | undefined, since: string | undefined): Pick<Outcome, 'isUndated'> =>
  status !== undefined && since === undefined ? { isUndated: true } : {};

const SHOWN = 5; // resources and conditions; the template sends no more

/** What keeps the application from being healthy, a sentence each: the first unhealthy resources and the conditions. */
export function reasonsOf({ health, unhealthy, conditions }: Notification): readonly string[] {
  const resources = unhealthy.slice(0, SHOWN).map(({ kind, namespace, name, status, message }) => {
    const what = [kind, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ');
    return [what && status ? `${what} is ${status}` : what, message].filter(Boolean).join(': ');
  });
  const messages = conditions
    .slice(0, SHOWN)
    .flatMap(({ type, message }) => (message ? [type, message].filter(Boolean).join(': ') : []));
  return [health.message ?? '', ...resources, ...messages].filter(Boolean);
}

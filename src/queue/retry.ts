import { DeliveryFailed } from '../domain/errors.ts';
import { HOUR_MS } from '../values/units.ts';
import { Quarantined } from './quarantine.ts';

/** Deliveries are retried for this long. Then they become dead letters, which are kept and can be replayed. */
export const MAX_AGE_MS = 72 * HOUR_MS;
/** Backoff: a restart of a destination takes seconds, and after a long failure it is used within a minute. */
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/**
 * This many different deployments failing in a row mean that the destination is down, not that one delivery is wrong.
 */
const DOWN_AFTER_DEPLOYMENTS = 3;

/** 1 s, 2 s, 4 s … 60 s, each up to a quarter shorter, so that a thousand deliveries are not retried at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const fullMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(fullMs * (1 - random() / 4));
}

/** Consecutive failures at one sink: of how many deployments, and how often the whole sink was put on hold for them. */
export interface FailureStreak {
  readonly deployments: Set<string>;
  rounds: number;
  /** The error of the last attempt. Absent: it succeeded, or was refused for what it delivered. */
  why?: string | undefined;
}

/** Only failures that a retry could fix count: a rejected delivery is no sign that the destination is down. */
export function recordFailure(streak: FailureStreak, failure: DeliveryFailed, deployment: string): FailureStreak {
  if (failure.retry !== 'backoff') return streak;
  streak.why = failure.message;
  const subject = failure.concerns ?? deployment; // a failing part of the destination counts once
  if (streak.deployments.size < DOWN_AFTER_DEPLOYMENTS) streak.deployments.add(subject);
  if (streak.deployments.size >= DOWN_AFTER_DEPLOYMENTS) streak.rounds += 1;
  return streak;
}

export function resetStreak(streak: FailureStreak): void {
  streak.deployments.clear();
  streak.rounds = 0;
  streak.why = undefined;
}

export type RetryDecision =
  | { readonly kind: 'dead'; readonly why: string }
  | { readonly kind: 'hold'; readonly afterMs: number }
  | { readonly kind: 'busy'; readonly afterMs: number }
  | { readonly kind: 'retry'; readonly error: Error };

/** What to do after a failure: the complete retry policy, as a pure function. */
export function decideRetry(
  error: DeliveryFailed,
  at: { madeAtMs: number; nowMs: number; streak: Pick<FailureStreak, 'rounds'> },
): RetryDecision {
  const ageMs = at.nowMs - at.madeAtMs;
  if (error.retry === 'never') return { kind: 'dead', why: error.message };
  if (ageMs > MAX_AGE_MS)
    return { kind: 'dead', why: `given up after ${Math.round(ageMs / HOUR_MS)} h: ${error.message}` };
  if (error.retry === 'backoff')
    return at.streak.rounds > 0 ? { kind: 'hold', afterMs: backoffMs(at.streak.rounds) } : { kind: 'retry', error };
  if (error.retry.hold === 'sink') return { kind: 'hold', afterMs: Math.max(error.retry.afterMs, FIRST_RETRY_MS) };
  return { kind: 'busy', afterMs: error.retry.afterMs };
}

/** An unexpected error of a sink is our own bug: it is retried, and never treated as success. */
export function asFailure(error: unknown): DeliveryFailed {
  if (error instanceof DeliveryFailed) return error;
  if (error instanceof Quarantined) return new DeliveryFailed(error.message, { retry: 'never', cause: error });
  return new DeliveryFailed(error instanceof Error ? error.message : String(error), { retry: 'backoff', cause: error });
}

import { describe, expect, it } from 'vitest';
import { DeliveryFailed, type Retry } from '../../src/domain/errors.ts';
import { backoffMs, decideRetry, MAX_AGE_MS, recordFailure, resetStreak } from '../../src/queue/retry.ts';

const after = (retry: Retry, ageMs = 0, rounds = 0) =>
  decideRetry(new DeliveryFailed('why', { retry }), { madeAtMs: 0, nowMs: ageMs, streak: { rounds } });

describe('nextStep', () => {
  it('makes a dead letter of a rejected delivery at once', () => {
    expect(after('never')).toEqual({ kind: 'dead', why: 'why' });
  });

  it('retries for 72 hours, then keeps a dead letter', () => {
    expect(after('backoff', MAX_AGE_MS - 1).kind).toBe('retry');
    expect(after('backoff', MAX_AGE_MS).kind).toBe('retry');
    expect(after('backoff', MAX_AGE_MS + 3_600_000)).toEqual({ kind: 'dead', why: 'given up after 73 h: why' });
    expect(MAX_AGE_MS).toBe(72 * 60 * 60 * 1000);
  });

  it('counts the age from the creation of the delivery', () => {
    const error = new DeliveryFailed('why', { retry: 'backoff' });
    const step = decideRetry(error, { madeAtMs: MAX_AGE_MS, nowMs: MAX_AGE_MS + 1, streak: { rounds: 0 } });
    expect(step).toEqual({ kind: 'retry', error });
  });

  it('gives up a delivery that waits for a key, a rate limit or a lease after 72 hours, too', () => {
    for (const hold of ['sink', 'job'] as const)
      expect(after({ afterMs: 1, hold }, MAX_AGE_MS + 1)).toEqual({ kind: 'dead', why: 'given up after 72 h: why' });
  });

  it('pauses the whole sink if many deployments fail in a row', () => {
    for (const [rounds, longestMs] of [
      [1, 1_000],
      [3, 4_000],
    ] as const) {
      const step = after('backoff', 0, rounds);
      const afterMs = step.kind === 'hold' ? step.afterMs : undefined;
      expect(afterMs).toBeLessThanOrEqual(longestMs);
      expect(afterMs).toBeGreaterThanOrEqual(longestMs * 0.75);
    }
  });

  it('pauses the whole sink if the destination asks for it or refuses the key', () => {
    expect(after({ afterMs: 10_000, hold: 'sink' })).toEqual({ kind: 'hold', afterMs: 10_000 });
    expect(after({ afterMs: 0, hold: 'sink' })).toEqual({ kind: 'hold', afterMs: 1_000 });
  });

  it('delays only this delivery for a lease', () => {
    expect(after({ afterMs: 300, hold: 'job' })).toEqual({ kind: 'busy', afterMs: 300 });
  });
});

describe('a streak of failures', () => {
  it('says why the last attempt failed, until one succeeds', () => {
    const failed = (why: string, retry: Retry = 'backoff') => new DeliveryFailed(why, { retry });
    const streak = recordFailure({ deployments: new Set(), rounds: 0 }, failed('the pier is closed'), 'a');
    expect(recordFailure(streak, failed('no such lamp', 'never'), 'b').why).toBe('the pier is closed');
    expect(recordFailure(streak, failed('the harbor is closed'), 'c').why).toBe('the harbor is closed');
    resetStreak(streak);
    expect(streak).toEqual({ deployments: new Set(), rounds: 0, why: undefined });
  });
});

describe('backoffMs', () => {
  it('doubles from one second to a minute, less at most a quarter', () => {
    for (let attempt = 1; attempt < 50; attempt++) {
      const full = Math.min(60_000, 1000 * 2 ** (attempt - 1));
      expect(backoffMs(attempt, () => 0)).toBe(full);
      expect(backoffMs(attempt, () => 0.5)).toBe(full * 0.875);
    }
  });
});

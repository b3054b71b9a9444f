import { describe, expect, it } from 'vitest';
import { DeliveryFailed, type Retry } from '../../src/domain/errors.ts';
import { backoffMs, MAX_AGE_MS, nextStep } from '../../src/queue/workers.ts';

const after = (retry: Retry, ageMs = 0, rounds = 0) =>
  nextStep(new DeliveryFailed('why', { retry }), { madeAtMs: 0, nowMs: ageMs, illness: { rounds } });

describe('nextStep', () => {
  it('makes a dead letter at once of what the destination refused for good', () => {
    expect(after('never')).toEqual({ kind: 'dead', why: 'why' });
  });

  it('tries again for 72 hours, then keeps a dead letter', () => {
    expect(after('backoff', MAX_AGE_MS - 1).kind).toBe('retry');
    expect(after('backoff', MAX_AGE_MS + 1).kind).toBe('dead');
  });

  it('lets the whole sink wait when many deployments fail in a row', () => {
    expect(after('backoff', 0, 3)).toMatchObject({ kind: 'hold' });
  });

  it('lets the whole sink wait when the destination asks for it or refuses the key', () => {
    expect(after({ afterMs: 10_000, hold: 'sink' })).toEqual({ kind: 'hold', afterMs: 10_000 });
  });

  it('lets only this delivery wait for a lease', () => {
    expect(after({ afterMs: 300, hold: 'job' })).toEqual({ kind: 'busy', afterMs: 300 });
  });
});

describe('backoffMs', () => {
  it('doubles from one second to a minute, less at most a quarter', () => {
    for (let attempt = 1; attempt < 50; attempt++) {
      const full = Math.min(60_000, 1000 * 2 ** (attempt - 1));
      expect(backoffMs(attempt, () => 0)).toBe(full);
      expect(backoffMs(attempt, () => 0.999)).toBeGreaterThanOrEqual(full * 0.75);
    }
  });
});

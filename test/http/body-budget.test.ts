import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BodyOwner, type BodyShare, createBodyBudget } from '../../src/http/body-budget.ts';

const KIB = 1024;
const limits = { provedBytes: 800 * KIB, unprovedBytes: 400 * KIB };

function aBudget() {
  let nowMs = 0;
  const budget = createBodyBudget(limits, () => nowMs);
  const open = (owner: Partial<BodyOwner> = {}) => {
    const share = budget.open({ address: '192.0.2.1', source: 'gitlab', proved: false, ...owner });
    const body = { share, isEvicted: false };
    share.onEvicted(() => {
      body.isEvicted = true;
    });
    return body;
  };
  return { budget, open, wait: (ms: number) => (nowMs += ms) };
}

describe('the budget of bodies', () => {
  it('gives the space of bodies that never end to a new one', () => {
    const { open, wait, budget } = aBudget();
    const hostile = Array.from({ length: 40 }, (_, at) => open({ address: `192.0.2.${at}` }));
    for (const { share } of hostile) expect(share.take(10 * KIB)).toBe(true);
    wait(1_000);
    const authentic = open({ address: '198.51.100.7' });
    expect(authentic.share.take(60 * KIB)).toBe(true);
    expect(hostile.filter(({ isEvicted }) => isEvicted)).toHaveLength(6);
    expect(budget.held().unproved).toBe(400 * KIB);
  });

  it('does so even if all come from one address, as behind a proxy', () => {
    const { open, wait } = aBudget();
    const hostile = Array.from({ length: 30 }, () => open());
    for (const { share } of hostile) expect(share.take(10 * KIB)).toBe(true);
    wait(1_000);
    expect(open().share.take(200 * KIB)).toBe(true);
  });

  it('refuses the one that costs most, even if it is the one that needs space', () => {
    const { open, wait } = aBudget();
    const large = open();
    expect(large.share.take(200 * KIB)).toBe(true);
    wait(1_000);
    const small = open({ address: '192.0.2.2' });
    expect(small.share.take(100 * KIB)).toBe(true);
    expect(large.share.take(200 * KIB)).toBe(false);
    expect(small.isEvicted).toBe(false);
  });

  it('limits the share of each address and each source', () => {
    const { open } = aBudget();
    expect(open().share.take(301 * KIB)).toBe(false);
    expect(open({ proved: true }).share.take(601 * KIB)).toBe(false);
    expect(open({ proved: true }).share.take(600 * KIB)).toBe(true);
    expect(open({ proved: true }).share.take(1)).toBe(false);
    expect(open({ proved: true, source: 'argocd' }).share.take(200 * KIB)).toBe(true);
  });

  it('takes no space from an authenticated sender, nor from a body that is complete', () => {
    const { open, wait } = aBudget();
    const proved = open({ proved: true });
    proved.share.take(500 * KIB);
    const whole = open();
    whole.share.take(300 * KIB);
    whole.share.settle();
    wait(5_000);
    expect(open({ address: '192.0.2.9' }).share.take(101 * KIB)).toBe(false);
    expect([proved.isEvicted, whole.isEvicted]).toEqual([false, false]);
  });

  it('never exceeds its pools, and is empty when all bodies are released', () => {
    const step = fc.record({
      who: fc.nat(7),
      bytes: fc.nat(200 * KIB),
      ms: fc.nat(2_000),
      does: fc.constantFrom('take', 'take', 'take', 'settle', 'release'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { budget, open, wait } = aBudget();
        const shares: BodyShare[] = [];
        const shareOf = (who: number) => {
          shares[who] ??= open({ address: `192.0.2.${who % 3}`, proved: who % 2 === 0 }).share;
          return shares[who];
        };
        for (const { who, bytes, ms, does } of steps) {
          wait(ms);
          if (does === 'take') shareOf(who).take(bytes);
          else shareOf(who)[does]();
          if (does === 'release') delete shares[who];
          expect(budget.held().proved).toBeLessThanOrEqual(limits.provedBytes);
          expect(budget.held().unproved).toBeLessThanOrEqual(limits.unprovedBytes);
        }
        for (const share of shares) share?.release();
        expect(budget.held()).toEqual({ proved: 0, unproved: 0 });
      }),
    );
  });
});

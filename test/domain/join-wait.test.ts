import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/domain/join-member.ts';
import { awaitsAnother } from '../../src/domain/join-wait.ts';

const noon = Date.parse('2026-03-14T12:00:00.000Z');
const SECOND = 1_000;
const within = { plan: new Map<string, string>(), withinMs: 3 * SECOND };

/** Deployments of one environment, each reported by one member. `ends`: seconds after noon, by signal. */
function members(...ends: readonly Readonly<Record<string, number>>[]): readonly Member[] {
  return ends.map((seconds, at) => ({
    key: `deployment-${at}`,
    order: at,
    witness: 'job',
    source: 'forge',
    instance: 'forge',
    path: 'harbor/pay',
    environment: 'production',
    fromMs: noon,
    endedBy: Object.fromEntries(Object.entries(seconds).map(([signal, s]) => [signal, noon + s * SECOND])),
  }));
}
/** Whether the last of them awaits another signal. */
const awaits = (...ends: readonly Readonly<Record<string, number>>[]) =>
  awaitsAnother(`deployment-${ends.length - 1}`, members(...ends), within);

describe('another signal of the same end is awaited', () => {
  it('where both reported the end before, whichever was first', () => {
    expect(awaits({ hook: 0, post: 2 }, { hook: 60 })).toBe(true);
    expect(awaits({ hook: 0, post: 2 }, { post: 60 })).toBe(true);
  });

  it('where one of the last three was reported by both', () => {
    expect(awaits({ hook: 0, post: 2 }, { hook: 60 }, { hook: 120 }, { hook: 180 })).toBe(true);
    expect(awaits({ hook: 0, post: 2 }, { hook: 60 }, { hook: 120 }, { hook: 180 }, { hook: 240 })).toBe(false);
  });

  it('not where every deployment is reported by one tool or the other', () => {
    expect(awaits({ hook: 0 }, { post: 60 }, { hook: 120 })).toBe(false);
    expect(awaits({ hook: 0 }, { post: 60 }, { post: 120 })).toBe(false);
  });

  it('not where the other one comes too much later to wait for, or has come already', () => {
    expect(awaits({ hook: 0, post: 90 }, { hook: 200 })).toBe(false);
    expect(awaits({ early: 0, hook: 60, post: 61 }, { hook: 200, post: 201 })).toBe(false);
    expect(awaits({ hook: 0, post: 2 }, { hook: 60, post: 61 })).toBe(false);
  });

  it('whichever of two members of a deployment is read first, where both have the same signal', () => {
    const [hook, later, next] = members({ hook: 0, post: 2 }, { hook: 90 }, { hook: 200 });
    const plan = new Map([['deployment-1', 'deployment-0']]);
    const ask = (...given: readonly (Member | undefined)[]) =>
      awaitsAnother(
        'deployment-2',
        given.filter((one) => one !== undefined),
        { ...within, plan },
      );
    expect([ask(hook, later, next), ask(later, hook, next)]).toEqual([true, true]);
  });
});

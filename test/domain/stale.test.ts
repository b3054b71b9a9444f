import { describe, expect, it } from 'vitest';
import { isStale, withStaleness } from '../../src/domain/stale.ts';
import { aDeployment } from '../support/deployment.ts';

const startedAt = '2026-03-14T10:00:00.000Z';
const running = aDeployment({ state: 'running', startedAt, occurredAt: startedAt });
const earlier = (...minutes: number[]) =>
  minutes.map((minute) => ({ key: `${minute}`, occurredAt: startedAt, tookMs: minute * 60_000 }));

describe('a deployment without an end', () => {
  it.each([
    ['a day, when nothing is known', [], '2026-03-15T10:00:00.000Z'],
    ['a day, when two durations are all that is known', [5, 5], '2026-03-15T10:00:00.000Z'],
    ['five times the usual', [10, 8, 60], '2026-03-14T10:50:00.000Z'],
    ['no less than half an hour', [1, 1, 1], '2026-03-14T10:30:00.000Z'],
    ['no more than a day', [900, 900, 900], '2026-03-15T10:00:00.000Z'],
  ])('is stale after %s', (_, minutes, staleAfter) => {
    const stale = withStaleness(running, earlier(...minutes));
    expect(stale.staleAfter).toBe(staleAfter);
    expect(isStale(stale, new Date(staleAfter))).toBe(false);
    expect(isStale(stale, new Date(Date.parse(staleAfter) + 1))).toBe(true);
  });

  it('is not stale once it has ended', () => {
    expect(withStaleness(aDeployment(), earlier(1, 1, 1))).not.toHaveProperty('staleAfter');
    expect(isStale(aDeployment(), new Date('2126-01-01'))).toBe(false);
  });
});

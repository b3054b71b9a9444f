import { describe, expect, it } from 'vitest';
import { emptyHour, lastDay, silentSince, totalOf } from '../../src/domain/hours.ts';
import { HOUR_MS } from '../../src/values/units.ts';

const NOW = new Date('2026-03-14T21:30:00Z');
const ago = (hours: number) => Date.parse('2026-03-14T21:00:00Z') - hours * HOUR_MS;
const told = (...hours: number[]) => hours.map((hour) => ({ ...emptyHour(ago(hour)), taken: 1 }));

describe('the last 24 hours of a source', () => {
  it('are 24, the current one last, and add up', () => {
    const day = lastDay([...told(24, 23, 3), { ...emptyHour(ago(0)), refused: 2, ignored: 1 }], NOW);
    expect(day).toHaveLength(24);
    expect(day.at(-1)).toEqual({ atMs: ago(0), taken: 0, ignored: 1, refused: 2 });
    expect(totalOf(day)).toEqual({ taken: 2, ignored: 1, refused: 2 });
  });
});

describe('a source', () => {
  it('is silent if it reported every few hours and has reported nothing for more than a day', () => {
    const hours = told(60, 50, 46, 40, 33);
    expect(silentSince(hours, NOW)?.getTime()).toBe(ago(33));
    const refusedSince = [...hours, { ...emptyHour(ago(1)), refused: 9 }];
    expect(silentSince(refusedSince, NOW)?.getTime()).toBe(ago(33));
  });

  it.each([
    ['was heard within a day', told(60, 50, 46, 40, 23)],
    ['pauses like that every weekend', told(150, 140, 80, 70, 60, 50)],
    ['never had a habit', told(100, 90)],
    ['was never heard', []],
  ])('is not silent that %s', (_why, hours) => {
    expect(silentSince(hours, NOW)).toBeUndefined();
  });
});

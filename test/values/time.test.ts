import { describe, expect, it } from 'vitest';
import { toIso } from '../../src/values/time.ts';

describe('toIso', () => {
  it.each([
    ['2021-04-28 21:50:00 +0200', '2021-04-28T19:50:00.000Z'],
    ['2022-04-09 19:26:31 UTC', '2022-04-09T19:26:31.000Z'],
    ['2026-08-02T07:59:54.000+00:00', '2026-08-02T07:59:54.000Z'],
    ['2023-02-20T09:38:47.20339Z', '2023-02-20T09:38:47.203Z'],
    ['2026-03-02T12:00:00Z', '2026-03-02T12:00:00.000Z'],
    ['2026-03-02T12:00:00-0530', '2026-03-02T17:30:00.000Z'],
    [1626321456781, '2021-07-15T03:57:36.781Z'],
  ])('reads %s', (time, expected) => {
    expect(toIso(time)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '2022-04-09 19:26:31',
    '2022-13-45T00:00:00Z',
    '<no value>',
    null,
    undefined,
    Number.NaN,
    -1,
    1e300,
  ])('refuses %s', (time) => {
    expect(toIso(time)).toBeUndefined();
  });
});

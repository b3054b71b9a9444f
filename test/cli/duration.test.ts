import { expect, it } from 'vitest';
import { momentAgo } from '../../src/cli/duration.ts';

const now = new Date('2026-03-14T21:00:00Z');

it.each([
  ['90m', '2026-03-14T19:30:00.000Z'],
  ['12h', '2026-03-14T09:00:00.000Z'],
  ['2d', '2026-03-12T21:00:00.000Z'],
  ['1w', '2026-03-07T21:00:00.000Z'],
  ['2 hours ago', '2026-03-14T19:00:00.000Z'],
  ['last 30 min', '2026-03-14T20:30:00.000Z'],
  ['Yesterday', '2026-03-13T00:00:00.000Z'],
  ['today', '2026-03-14T00:00:00.000Z'],
  ['now', '2026-03-14T21:00:00.000Z'],
  ['03:00', '2026-03-14T03:00:00.000Z'],
  ['23:15', '2026-03-13T23:15:00.000Z'],
  ['3:05 utc', '2026-03-14T03:05:00.000Z'],
  ['2026-03-01T00:00:00+01:00', '2026-02-28T23:00:00.000Z'],
  ['2026-03-01t00:00:00z', '2026-03-01T00:00:00.000Z'],
])('reads %s', (text, at) => {
  expect(momentAgo(text, now).toISOString()).toBe(at);
});

it.each(['', 'tomorrow', '2y', '-1h', '5', '25:00', 'constructor', 'last', '2 hours ahead', 'ago'])(
  'refuses %j and says how to write it',
  (text) => {
    expect(() => momentAgo(text, now)).toThrow('write 90m');
  },
);

import { expect, it } from 'vitest';
import { momentAgo } from '../../src/cli/duration.ts';

const now = new Date('2026-03-14T21:00:00Z');

it.each([
  ['90m', '2026-03-14T19:30:00.000Z'],
  ['12h', '2026-03-14T09:00:00.000Z'],
  ['2d', '2026-03-12T21:00:00.000Z'],
  ['2026-03-01T00:00:00+01:00', '2026-02-28T23:00:00.000Z'],
])('reads %s', (text, at) => {
  expect(momentAgo(text, now).toISOString()).toBe(at);
});

it.each(['', 'yesterday', '2w', '-1h', '5'])('refuses %j and says how to write it', (text) => {
  expect(() => momentAgo(text, now)).toThrow('write 90m');
});

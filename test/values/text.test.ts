import { expect, it } from 'vitest';
import { excerpt } from '../../src/values/text.ts';

it('shows no part of a secret that begins before the end of an excerpt', () => {
  const token = 'Anchor0Lamp1Tide2Rope3Buoy4Sail5';
  expect(excerpt(`succeeded Authorization: Bearer ${token}`)).toBe('succeeded Authorization: Bearer [secret]');
  expect(excerpt(`a status that is rather long glpat-${token}`)).toBe('a status that is rather long [secret]');
});

it('cuts a long word, and marks that it did', () => {
  expect(excerpt('x'.repeat(41))).toBe(`${'x'.repeat(39)}…`);
  expect(excerpt('x'.repeat(40))).toBe('x'.repeat(40));
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeSegment } from '../../src/values/path-segment.ts';

it.each([
  '..',
  '.',
  '',
  'harbor/..',
  'harbor/./pay',
  '/pay',
  'harbor//pay',
  '%2e%2e',
  '%2E',
  '..%2fpay',
  '%252e%252e',
  'a\\..\\b',
])('refuses %j as a segment of a path', (text) => {
  expect(encodeSegment(text)).toBeUndefined();
});

it.each([
  ['harbor/pay', 'harbor%2Fpay'],
  ['7', '7'],
  ['v1..2', 'v1..2'],
  ['100% sure', '100%25%20sure'],
  ['{0f2c}', '%7B0f2c%7D'],
])('encodes %j', (text, encoded) => {
  expect(encodeSegment(text)).toBe(encoded);
});

it('never leads to another path, whatever the text', () => {
  const hostile = fc.stringMatching(/^(?:\.|%2e|%2f|\/|\\|%25|a|#|\?){0,12}$/);
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
      const segment = encodeSegment(text);
      if (segment === undefined) return;
      expect(new URL(`https://h.example/a/${segment}/z`).pathname).toBe(`/a/${segment}/z`);
    }),
  );
});

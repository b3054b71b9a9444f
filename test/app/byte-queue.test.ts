import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createByteQueue } from '../../src/app/byte-queue.ts';

const CAPACITY = 64;
const added = fc.record({
  text: fc.string({ unit: 'grapheme', maxLength: 12 }),
  body: fc.uint8Array({ maxLength: 40 }),
  /** How long ago the oldest one may be before this is added. */
  keeps: fc.option(fc.nat(6)),
});

it('keeps the newest entries that fit, whole and in order', () => {
  fc.assert(
    fc.property(fc.array(added, { maxLength: 40 }), (all) => {
      const queue = createByteQueue(CAPACITY);
      const expected: { text: string; bytes: Buffer; atMs: number }[] = [];
      for (const [atMs, { text, body, keeps }] of all.entries()) {
        if (keeps !== null) {
          queue.dropUntil(atMs - keeps);
          expected.splice(0, expected.length, ...expected.filter((one) => one.atMs > atMs - keeps));
        }
        const bytes = Buffer.from(body);
        queue.add(text, bytes, atMs);
        const fits = Buffer.byteLength(text) + bytes.length <= CAPACITY;
        if (fits) expected.push({ text, bytes, atMs });
        const held = queue.all();
        if (fits) expect(held.at(-1)).toEqual({ text, bytes });
        const newest = expected.slice(expected.length - held.length);
        expect(held).toEqual(newest.map((one) => ({ text: one.text, bytes: one.bytes })));
        expect(queue.isEmpty()).toBe(held.length === 0);
        expected.splice(0, expected.length, ...newest);
      }
    }),
  );
});

it('uses its whole capacity, except for an entry that does not fit at its end', () => {
  const queue = createByteQueue(100);
  for (let at = 0; at < 50; at++) queue.add('x'.repeat(9), Buffer.from([at]), at);
  expect(queue.all().map(({ bytes }) => bytes[0])).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
  queue.add('y'.repeat(101), Buffer.alloc(0), 50);
  expect(queue.all()).toHaveLength(10);
});

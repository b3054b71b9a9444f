import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextCoding } from '../../src/store/text-coding.ts';

const DICTIONARY = Buffer.from('{"key":"","state":"succeeded","url":"https://"}');
const coding = createTextCoding(DICTIONARY);
const roundTrip = (text: string) => coding.unpack(coding.pack(text), Buffer.byteLength(text));

describe('a packed text', () => {
  it('is the same to the byte when it is unpacked, whatever it says', () => {
    const parts = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 90 }),
      fc.stringMatching(/^[0-9a-f]{0,300}$/),
      fc.constantFrom('"state":"succeeded"', '"url":"https://', 'a'.repeat(500), '🚢', ''),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (given) => {
        const text = given.join('');
        expect(roundTrip(text)).toBe(text);
      }),
    );
  });

  it('may be longer than the window, and repeat itself', () => {
    const long = Array.from({ length: 9_000 }, (_, number) => `line ${number * 7919}\n`).join('');
    for (const text of [long, 'ab'.repeat(60_000)]) expect(roundTrip(text)).toBe(text);
    expect(coding.pack('ab'.repeat(60_000)).length).toBeLessThan(3_000);
  });

  it('encodes a commit in half its length, and words of the dictionary in three bytes', () => {
    expect(coding.pack('0123456789abcdef0123456789abcdef01234567').length).toBeLessThan(22);
    expect(coding.pack('"state":"succeeded"')).toHaveLength(3);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asText, bounded, compact } from '../../src/mcp/answer.ts';

describe('an answer', () => {
  it('has no unknown fields, and its texts are cut', () => {
    const long = 'x'.repeat(5_000);
    expect(compact({ a: null, b: [], c: [{ d: undefined, e: 0 }], f: '', g: false })).toEqual({
      c: [{ e: 0 }],
      f: '',
      g: false,
    });
    expect(String(compact(long)).length).toBe(1_000);
  });

  it('is within its limit, whatever it contains, and states that it was cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.array(fc.string()), fc.string())),
        fc.nat(2_000),
        (some, n) => {
          const answer = bounded({ ...some, list: Array.from({ length: n }, () => 'x'.repeat(200)) });
          expect(JSON.stringify(answer).length).toBeLessThan(70_000);
          if (n > 1_000) expect(answer).toHaveProperty('truncated');
          if (n === 0) expect(answer).not.toHaveProperty('truncated');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is enclosed in tags that its content cannot close', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constant('</data>')), (text) => {
        const written = asText({ text });
        expect(written.match(/</g)).toHaveLength(2);
        expect(JSON.parse(written.slice('<data>'.length, -'</data>'.length))).toEqual({ text });
      }),
    );
  });
});

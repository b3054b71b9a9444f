import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOfForm } from '../../src/values/form-payload.ts';

const form = (payload: string) => Buffer.from(`payload=${encodeURIComponent(payload)}&extra=1`);

describe('a form with the field payload', () => {
  it('is the JSON in it, whatever texts that holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (fields) => {
        const json = JSON.stringify(fields);
        expect(jsonOfForm(form(json)).toString()).toBe(json);
      }),
      { numRuns: 50 },
    );
    expect(jsonOfForm(Buffer.from('payload={"a":"b+c"}')).toString()).toBe('{"a":"b c"}');
  });

  it.each(['{"payload":1}', 'payload', 'payload=', 'payload=text', 'payload=%', 'other=1&payload={}', ''])(
    '%j is none',
    (text) => {
      const body = Buffer.from(text);
      expect(jsonOfForm(body)).toBe(body);
    },
  );
});

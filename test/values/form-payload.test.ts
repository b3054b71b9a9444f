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

describe('a body that is sent as a form', () => {
  const FORM = 'application/x-www-form-urlencoded; charset=utf-8';
  const read = (text: string, type = FORM) => jsonOfForm(Buffer.from(text), type).toString();

  it('is an object of its fields', () => {
    const fields = new URLSearchParams({ summary: 'Deployed "pay" & more', environment: 'staging' });
    fields.append('tags', 'a');
    fields.append('tags', 'b');
    fields.append('paths[]', 'src');
    expect(JSON.parse(read(fields.toString()))).toEqual({
      ...{ summary: 'Deployed "pay" & more', environment: 'staging', tags: ['a', 'b'], paths: ['src'] },
    });
  });

  it('is the JSON in its only field, whatever that is called', () => {
    expect(read(`body=${encodeURIComponent('{"a":1}')}`)).toBe('{"a":1}');
    expect(read('body=text')).toBe('{"body":"text"}');
  });

  it.each(['{"a":"b=c"}', "'{summary:x=1}'", 'summary', '', 'a b=c', '=x', ' a=b', '<a b="c">', '[1]'])(
    'is none if it is %j, which curl sends under that name as well',
    (text) => expect(read(text)).toBe(text),
  );

  it('is none under another content type', () => {
    expect(read('summary=x', 'text/plain')).toBe('summary=x');
    expect(jsonOfForm(Buffer.from('summary=x')).toString()).toBe('summary=x');
  });

  it('has no more than 200 fields', () => {
    const many = Array.from({ length: 201 }, (_, at) => `f${at}=1`).join('&');
    expect(read(many)).toBe(many);
  });

  it('never fails, and changes no text that is JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const result = read(text);
        if (result !== text) expect(typeof JSON.parse(result)).toBe('object');
        if (/^[[{"]/.test(text)) expect(result).toBe(text);
      }),
    );
  });
});

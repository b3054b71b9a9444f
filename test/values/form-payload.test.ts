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

describe('a body of the parts of a form', () => {
  const TYPE = 'multipart/form-data; boundary=quay';
  const part = (name: string, value: string, more = '') =>
    `--quay\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const read = (...parts: string[]) => jsonOfForm(Buffer.from(`${parts.join('')}--quay--\r\n`), TYPE).toString();

  it('is an object of its fields', () => {
    const json = read(part('summary', 'Deployed "pay"'), part('tags', 'a'), part('tags', 'b'), part('pr_number', ''));
    expect(JSON.parse(json)).toEqual({ summary: 'Deployed "pay"', tags: ['a', 'b'], pr_number: '' });
  });

  it('is the JSON in its only field or file, or in its field payload', () => {
    const file = '; filename="change.json"\r\nContent-Type: application/json';
    expect(read(part('file', '{"a":1}', file))).toBe('{"a":1}');
    expect(read(part('note', 'x'), part('payload', ' {"a":1}\n', file))).toBe('{"a":1}');
  });

  it('is none without a boundary, without parts, or with names that are none', () => {
    const text = `${part('a', '1')}--quay--`;
    expect(jsonOfForm(Buffer.from(text), 'multipart/form-data').toString()).toBe(text);
    expect(jsonOfForm(Buffer.from(text), 'application/json').toString()).toBe(text);
    expect(read(part('a b', '1'))).toBe(`${part('a b', '1')}--quay--\r\n`);
    expect(read()).toBe('--quay--\r\n');
  });
});

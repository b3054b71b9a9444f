import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inUtf8 } from '../../src/values/utf8.ts';

const TEXT = '{"summary":"Déployé à 7 °C"}';
const utf8 = Buffer.from(TEXT);
const latin1 = Buffer.from(TEXT, 'latin1');
const read = (body: Buffer, type?: string): string => inUtf8(body, type).toString();

describe('a body in UTF-8', () => {
  it('is returned as it is, whatever the sender calls it', () => {
    for (const type of [undefined, 'application/json; charset=ISO-8859-1', 'application/json; charset=utf-8'])
      expect(inUtf8(utf8, type)).toBe(utf8);
  });

  it('is returned as it is where it was cut off within a letter', () => {
    const cut = utf8.subarray(0, utf8.indexOf('à') + 1);
    expect(inUtf8(cut)).toBe(cut);
    const short = Buffer.concat([Buffer.from('é'), Buffer.from([0xe9])]);
    expect(inUtf8(short)).toBe(short);
  });
});

describe('a body in another encoding', () => {
  it.each(['\ufeff', ''])('is read as UTF-16, little and big endian, with %j before it', (mark) => {
    const little = Buffer.from(`${mark}${TEXT}`, 'utf16le');
    const big = Buffer.from(little).swap16();
    expect(read(little)).toBe(TEXT);
    expect(read(big)).toBe(TEXT);
  });

  it('is read as Windows-1252 if it is no UTF-8 and nobody says what it is', () => {
    expect(read(latin1)).toBe(TEXT);
    expect(read(latin1, 'application/json')).toBe(TEXT);
    expect(read(Buffer.from([0x22, 0x80, 0x93, 0x22]))).toBe('"€“"');
  });

  it('is read as what its sender calls it, if that is known', () => {
    expect(read(latin1, 'application/json; charset="iso-8859-1"')).toBe(TEXT);
    expect(read(Buffer.from([0x22, 0xb1, 0x22]), 'text/plain;charset=iso-8859-2')).toBe('"ą"');
    expect(inUtf8(latin1, 'application/json; charset=quay')).toBe(latin1);
  });
});

it('never fails', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, charset) => {
      const body = Buffer.from(bytes);
      expect(Buffer.isBuffer(inUtf8(body, `application/json; charset=${charset}`))).toBe(true);
    }),
  );
});

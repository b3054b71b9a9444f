import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beyondMostValues } from '../../src/values/json-limits.ts';
import { parseJson } from '../../src/values/parse-json.ts';
import { redactBody } from '../../src/values/redact.ts';

const MESSAGE = 'the body is too large to be read: more than 300,000 values or levels; send fewer';
const nested = (levels: number) => Buffer.from('['.repeat(levels) + ']'.repeat(levels));
const list = (item: string, count: number) => Buffer.from(`[${`${item},`.repeat(count)}1]`);

describe('more values than the limit', () => {
  it.each([
    ['levels', nested(300_000), nested(300_001)],
    ['objects', list('{}', 149_999), list('{}', 150_000)],
    ['numbers', list('1', 299_999), list('1', 300_000)],
    ['open brackets', undefined, Buffer.from('['.repeat(300_001))],
  ])('are counted: %s', (_, most, tooMany) => {
    if (most) expect(parseJson(most).ok).toBe(true);
    expect(parseJson(tooMany)).toMatchObject({ ok: false, message: MESSAGE });
  });

  it('are reported with their position', () => {
    expect(parseJson(Buffer.from(`{"ü":\n${'['.repeat(600_000)}`))).toMatchObject({ line: 2, offset: 300_005 });
  });

  it('do not include the content of texts', () => {
    const texts = ['['.repeat(600_000), '\\"[{,'.repeat(200_000), '\\\\'];
    expect(beyondMostValues(Buffer.from(JSON.stringify(texts)))).toBeUndefined();
  });

  it('do not occur in a small body', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(beyondMostValues(Buffer.from(json))).toBeUndefined();
      }),
    );
  });

  it('are not searched for secrets: such a body is not stored if it may contain one', () => {
    const body = Buffer.concat([Buffer.from('{"token":"Hull1Hull2","x":'), nested(600_000), Buffer.from('}')]);
    expect(redactBody(body).toString()).toBe('[not kept: it may hold a secret, and it cannot be read to take it out]');
    expect(redactBody(nested(600_000))).toEqual(nested(600_000));
  });
});

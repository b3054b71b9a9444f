import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../src/domain/errors.ts';
import {
  basicPassword,
  bearerToken,
  hmacMatches,
  isHubSignature,
  isOneOf,
  passes,
  requireKey,
} from '../../src/sources/signature.ts';

const secret = "It's a Secret to Everybody";
const signature = 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9'; // Atlassian's own example
const body = Buffer.from('Hello World!');

describe('hmacMatches', () => {
  it('agrees with the published example', () => {
    expect(hmacMatches(signature, body, [secret])).toBe(true);
  });

  it('accepts any of several secrets, so that one can be rotated', () => {
    expect(hmacMatches(signature, body, ['another one altogether', secret])).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['upper-case hex', signature.toUpperCase().replace('SHA256', 'sha256')],
    ['another algorithm', signature.replace('sha256', 'sha1')],
    ['a short one', signature.slice(0, -2)],
    ['one wrong digit', signature.replace(/9$/, '8')],
  ])('refuses %s', (_, header) => {
    expect(hmacMatches(header, body, [secret])).toBe(false);
  });

  it('is over the raw bytes', () => {
    expect(hmacMatches(signature, Buffer.from('Hello World! '), [secret])).toBe(false);
  });
});

describe('tokens', () => {
  it('reads bearer and basic', () => {
    expect(bearerToken('Bearer abc')).toBe('abc');
    expect(bearerToken('Basic abc')).toBeUndefined();
    expect(basicPassword(`Basic ${Buffer.from('any:pa:ss').toString('base64')}`)).toBe('pa:ss');
    expect(basicPassword('Basic %%%')).toBeUndefined();
  });

  it('reads a password of any characters', () => {
    for (let code = 0x21; code < 0x7f; code++) {
      const password = String.fromCharCode(code, 0x7e, code);
      expect(basicPassword(`Basic ${Buffer.from(`mira:${password}`).toString('base64')}`)).toBe(password);
    }
  });

  it('reads no password without a user, however it is padded, and no other text of the same bytes', () => {
    const encoded = Buffer.from('a:b').toString('base64');
    expect(basicPassword(`Basic ${Buffer.from('nobody').toString('base64')}`)).toBeUndefined();
    expect(basicPassword(`Basic ${Buffer.from('me:a').toString('base64').replace(/=+$/, '')}`)).toBe('a');
    expect(basicPassword(`Basic ${encoded}===`)).toBeUndefined();
    expect(Buffer.from('bWU6YR==', 'base64').toString()).toBe('me:a');
    expect(basicPassword('Basic bWU6YR==')).toBeUndefined();
  });

  describe('a key', () => {
    const messages = { missing: 'no key', wrong: 'another key' };
    const secrets = ['lamp-of-the-harbor', 'lamp-of-the-pier'];
    const key = 'lamp-of-the-pier';
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    const check = (headers: Record<string, string>, query?: string) => () =>
      requireKey({ headers, ...(query !== undefined && { query }) }, secrets, messages);
    const refused = (message: string) => new WebhookRejected('bad_signature', message);

    it.each([
      `Bearer ${key}`,
      `bearer ${key}`,
      `Token ${key}`,
      `ApiKey ${key}`,
      key,
      basic(`ci:${key}`),
      basic(`:${key}`),
    ])('is accepted as Authorization: %s', (authorization) => expect(check({ authorization })).not.toThrow());

    it('is accepted as the user of basic auth without a password, and in the headers of other APIs', () => {
      expect(check({ authorization: basic(`${key}:`) })).not.toThrow();
      for (const name of ['x-api-key', 'api-key', 'apikey', 'x-api-token', 'x-auth-token', 'x-access-token'])
        expect(check({ [name]: key })).not.toThrow();
      expect(check({ authorization: 'Bearer lamp', 'x-api-key': key })).not.toThrow();
    });

    it.each([{ authorization: 'Bearer lamp' }, { authorization: basic(`${key}:lamp`) }, { 'x-api-key': 'lamp' }])(
      'is refused as wrong in %j',
      (headers) => expect(check(headers)).toThrow(refused('another key')),
    );

    it.each([{}, { 'x-api-key': '' }, { 'idempotency-key': key, 'sec-websocket-key': key }])(
      'is missing in %j',
      (headers) => expect(check(headers)).toThrow(refused('no key')),
    );

    it.each(['Bearer', 'Bearer ', 'Basic'])('is missing after the scheme alone: %s', (authorization) =>
      expect(check({ authorization })).toThrow(refused('no key')),
    );

    it.each([`Bearer ${key}, Bearer ${key}`, `Bearer: ${key}`, `Digest ${key}`])(
      'is missing in what is not understood: %s',
      (authorization) =>
        expect(check({ authorization })).toThrow(refused('no key Seen, and not understood: the header authorization.')),
    );

    it('is named by the place where it was seen, without what is in it', () => {
      expect(check({ 'x-quay-token': key, accept: '*/*' }, `page=1&api_key=${key}`)).toThrow(
        refused('no key Seen, and not understood: the header x-quay-token, a key in the query of the URL.'),
      );
    });
  });

  it('never accepts an empty token', () => {
    expect(isOneOf('', ['x'.repeat(16)])).toBe(false);
    expect(isOneOf(undefined, ['x'.repeat(16)])).toBe(false);
  });
});

it('knows the shape of a signature before the body has come', () => {
  expect(isHubSignature(signature)).toBe(true);
  expect(isHubSignature(undefined)).toBe(false);
  expect(isHubSignature(`${signature}0`)).toBe(false);
});

describe('a proof', () => {
  it('is accepted, or refused', () => {
    expect(passes(() => {})).toBe(true);
    expect(
      passes(() => {
        throw new WebhookRejected('bad_signature', 'no');
      }),
    ).toBe(false);
  });

  it('is not refused for a bug', () => {
    const bug = new TypeError('a bug');
    expect(() =>
      passes(() => {
        throw bug;
      }),
    ).toThrow(bug);
  });
});

import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../src/domain/errors.ts';
import {
  basicPassword,
  bearerToken,
  hmacMatches,
  isHubSignature,
  isOneOf,
  passes,
  requireBearer,
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

  it('accepts a bearer token of the list, and says of others whether they are wrong or missing', () => {
    const messages = { missing: 'no token', wrong: 'another token' };
    const secrets = ['lamp-of-the-harbor', 'lamp-of-the-pier'];
    const check = (authorization?: string) => () =>
      requireBearer({ headers: { ...(authorization && { authorization }) } }, secrets, messages);
    expect(check('Bearer lamp')).toThrow(new WebhookRejected('bad_signature', 'another token'));
    expect(check('Basic bWU6YQ==')).toThrow(new WebhookRejected('bad_signature', 'no token'));
    expect(check()).toThrow(new WebhookRejected('bad_signature', 'no token'));
    for (const token of secrets) expect(check(`Bearer ${token}`)).not.toThrow();
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

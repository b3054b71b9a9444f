import { readFileSync } from 'node:fs';
import { Webhook as Signer } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { gitlab } from '../../../src/sources/gitlab/index.ts';
import { RECEIVED_AT, SECRET, webhook } from './hooks.ts';

const signingToken = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const TOKEN = signingToken(7);
const BODY = readFileSync(new URL('deployment-running.json', import.meta.url), 'utf8');
const signing = gitlab.parse({ type: 'gitlab', secrets: [SECRET], signing_tokens: [signingToken(1), TOKEN] });
const plain = gitlab.parse({ type: 'gitlab', secrets: [SECRET, 'the-secret-of-last-year'] });

function signed(options: { token?: string; at?: Date; body?: string } = {}) {
  const at = options.at ?? RECEIVED_AT;
  const id = 'f3c0';
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Signer(options.token ?? TOKEN).sign(id, at, options.body ?? BODY),
  };
}

function refusal(source: typeof signing, headers: Record<string, string>, body = BODY): string {
  try {
    source.verify(webhook(body, headers));
  } catch (error) {
    if (error instanceof WebhookRejected && error.code === 'bad_signature') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the secret token', () => {
  it('accepts each configured secret, and nothing else', () => {
    expect(refusal(plain, { 'x-gitlab-token': SECRET })).toBe('accepted');
    expect(refusal(plain, { 'x-gitlab-token': 'the-secret-of-last-year' })).toBe('accepted');
    expect(refusal(plain, { 'x-gitlab-token': `${SECRET} ` })).toMatch(
      /not one of the secrets of this source; .* `npx shiplog secrets` shows/,
    );
    expect(refusal(plain, { 'x-gitlab-token': '' })).toMatch(
      /not one of the secrets of this source; .* `npx shiplog secrets` shows/,
    );
    expect(refusal(plain, {})).toMatch(/X-Gitlab-Token is missing; .* `npx shiplog secrets` shows/);
  });

  it('is accepted if a signing token is configured but GitLab does not sign yet', () => {
    expect(refusal(signing, { 'x-gitlab-token': SECRET })).toBe('accepted');
    expect(refusal(signing, {})).toMatch(/X-Gitlab-Token is missing/);
  });

  it('is sufficient if GitLab signs but no signing token is configured', () => {
    expect(refusal(plain, { ...signed(), 'x-gitlab-token': SECRET })).toBe('accepted');
    expect(refusal(plain, signed())).toMatch(/add it to signing_tokens/);
  });

  it('is in no message', () => {
    expect(refusal(plain, { 'x-gitlab-token': 'guess-guess-guess' })).not.toMatch(/guess|harbor/);
  });
});

describe('the signature', () => {
  it('is accepted from any of the signing tokens, without a secret token', () => {
    expect(refusal(signing, signed())).toBe('accepted');
    expect(refusal(signing, signed({ token: signingToken(1) }))).toBe('accepted');
  });

  it('is checked with a signing token among the secrets, too', () => {
    const oneList = gitlab.parse({ type: 'gitlab', secrets: [TOKEN] });
    expect(refusal(oneList, signed())).toBe('accepted');
    expect(refusal(oneList, { ...signed({ body: '{}' }), 'x-gitlab-token': TOKEN })).toMatch(/webhook-signature/);
  });

  it('is accepted when any one of several values in the header matches', () => {
    const good = signed();
    const others = signed({ token: signingToken(9) });
    const header = `v1a,other ${others['webhook-signature']} ${good['webhook-signature']}`;
    expect(refusal(signing, { ...good, 'webhook-signature': header })).toBe('accepted');
  });

  it('is over the raw bytes: the same JSON with other white space is refused', () => {
    expect(refusal(signing, signed(), JSON.stringify(JSON.parse(BODY)))).toMatch(/matches none/);
  });

  it.each([
    ['another key', signed({ token: signingToken(9) })],
    ['another body', signed({ body: '{}' })],
    ['another id', { ...signed(), 'webhook-id': 'f3c1' }],
    ['an empty header', { ...signed(), 'webhook-signature': '' }],
    ['another version', { ...signed(), 'webhook-signature': signed()['webhook-signature'].replace('v1,', 'v2,') }],
    ['no timestamp', { 'webhook-id': 'f3c0', 'webhook-signature': signed()['webhook-signature'] }],
    ['a timestamp that is no number', { ...signed(), 'webhook-timestamp': 'now' }],
  ])('with %s is refused, and a right secret token does not save it', (_, headers) => {
    expect(refusal(signing, { ...headers, 'x-gitlab-token': SECRET })).not.toBe('accepted');
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)(
    'without %s names what is needed',
    (name) => {
      expect(refusal(signing, { ...signed(), [name]: '' })).toMatch(/webhook-id, .* are needed/);
    },
  );

  it('is refused when it is more than 5 minutes old or early', () => {
    const at = (seconds: number) => signed({ at: new Date(RECEIVED_AT.getTime() + seconds * 1000) });
    expect(refusal(signing, at(-300))).toBe('accepted');
    expect(refusal(signing, at(300))).toBe('accepted');
    expect(refusal(signing, at(-301))).toMatch(/clock/);
    expect(refusal(signing, at(301))).toMatch(/clock/);
  });
});

describe('the configuration', () => {
  it('takes only signing tokens of 32 bytes', () => {
    const parse = (token: string) =>
      gitlab.safeParse({ type: 'gitlab', secrets: [SECRET], signing_tokens: [token] }).success;
    expect(parse(TOKEN)).toBe(true);
    for (let byte = 0; byte < 256; byte++) expect(parse(signingToken(byte))).toBe(true);
    expect(parse(TOKEN.slice('whsec_'.length))).toBe(false);
    expect(parse(`whsec_${Buffer.alloc(24).toString('base64')}`)).toBe(false);
  });

  it('has the defaults of the example: name gitlab, 25 MiB', () => {
    expect(plain).toMatchObject({ type: 'gitlab', name: 'gitlab', maxBodyBytes: 25 * 1024 * 1024 });
  });

  it('refuses unknown keys and missing secrets', () => {
    expect(gitlab.safeParse({ type: 'gitlab', secrets: [SECRET], secret: 'x' }).success).toBe(false);
    expect(gitlab.safeParse({ type: 'gitlab' }).success).toBe(false);
  });
});

describe('the sample', () => {
  it('is accepted by its own source and is a deployment that succeeded at that time', () => {
    const { headers, body, path } = signing.sample(RECEIVED_AT);
    const sample = webhook(body, headers);
    expect(path).toBe('/webhooks/gitlab');
    expect(refusal(signing, headers, body)).toBe('accepted');
    expect(signing.map(JSON.parse(body), sample)).toMatchObject({
      records: [{ state: 'succeeded', occurredAt: RECEIVED_AT.toISOString(), environment: { name: 'staging' } }],
    });
  });
});

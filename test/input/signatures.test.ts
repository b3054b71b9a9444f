import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook as Signer } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../src/domain/errors.ts';
import { AnySource } from '../../src/sources/index.ts';
import type { Webhook } from '../../src/sources/received-webhook.ts';
import { sameSecret } from '../../src/sources/signature.ts';
import type { Source } from '../../src/sources/source.ts';
import { Secrets } from '../../src/values/settings.ts';

const SECRET = 'a-secret-of-24-characters';
const OTHER = 'another-secret-altogether';
const NOW = new Date('2026-03-14T21:00:00Z');
const signingToken = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

const gitlab = AnySource.parse({ type: 'gitlab', secrets: [SECRET], signing_tokens: [signingToken(7)] });
const sourceOf = (type: string, secret = SECRET) => AnySource.parse({ type, secrets: [secret] });

interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function isTaken(source: Source, { headers, body }: Signed): boolean {
  const webhook: Webhook = { id: 'w', method: 'POST', path: '/', headers, body, receivedAt: NOW };
  try {
    source.verify(webhook);
    return true;
  } catch (error) {
    if (error instanceof WebhookRejected && error.code === 'bad_signature') return false;
    throw error;
  }
}

const hex = (secret: string, body: Buffer, algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(body).digest('hex');
const hubSigned = (body: Buffer, secret = SECRET): Signed => ({
  headers: { 'x-hub-signature': `sha256=${hex(secret, body)}` },
  body,
});

function standardSigned(body: Buffer, { id = 'f3c0', at = NOW, token = signingToken(7) } = {}): Signed {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const key = Buffer.from(token.slice('whsec_'.length), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` }, body };
}

/** The same with one bit turned, in the body or in one of the headers. */
function flip({ headers, body }: Signed, at: { part: number; bit: number }): Signed {
  const parts: [string, Buffer][] = [
    ...Object.entries(headers).map(([name, value]): [string, Buffer] => [name, Buffer.from(value, 'latin1')]),
    ['', body],
  ];
  const turned = parts.map(([name, bytes], index): [string, Buffer] => {
    if (index !== at.part % parts.length || bytes.length === 0) return [name, bytes];
    const bit = at.bit % (bytes.length * 8);
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return [name, copy];
  });
  const changed = Object.fromEntries(turned.map(([name, bytes]) => [name, name ? bytes.toString('latin1') : '']));
  return {
    headers: Object.fromEntries(Object.entries(changed).filter(([name]) => name)),
    body: turned.at(-1)?.[1] ?? body,
  };
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
const place = fc.record({ part: fc.nat(20), bit: fc.nat() });
const KINDS: readonly [string, Source, (body: Buffer) => Signed][] = [
  ['an HMAC over the body (Bitbucket)', sourceOf('bitbucket'), hubSigned],
  ['Standard Webhooks (GitLab)', gitlab, standardSigned],
];

describe.each(KINDS)('%s', (_, source, sign) => {
  it('passes for any bytes, and with no bit changed', () => {
    fc.assert(
      fc.property(bytes, fc.array(place, { minLength: 20, maxLength: 20 }), (body, places) => {
        const signed = sign(body);
        expect(isTaken(source, signed)).toBe(true);
        for (const at of places) expect(isTaken(source, flip(signed, at))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('does not pass with one bit changed', () => {
    const signed = sign(Buffer.from('{"a":1}'));
    const lengths = [...Object.values(signed.headers).map((value) => value.length), signed.body.length];
    const taken = lengths.flatMap((length, part) =>
      Array.from({ length: length * 8 }, (_bit, bit) => ({ part, bit })).filter((at) =>
        isTaken(source, flip(signed, at)),
      ),
    );
    expect(taken).toEqual([]);
  });

  it('is over the received bytes: the same JSON in another layout does not pass', () => {
    const signed = sign(Buffer.from('{"b": 1, "a": "\\u00fc"}'));
    const anew = Buffer.from(JSON.stringify(JSON.parse(signed.body.toString())));
    expect(isTaken(source, { ...signed, body: anew })).toBe(false);
  });
});

describe('an HMAC over the body', () => {
  const body = Buffer.from('{"a":1}');
  const right = hubSigned(body).headers['x-hub-signature'] ?? '';
  const digits = right.slice('sha256='.length);

  it.each([
    ['upper-case digits', `sha256=${digits.toUpperCase()}`],
    ['an upper-case name', `SHA256=${digits}`],
    ['sha1', `sha1=${hex(SECRET, body, 'sha1')}`],
    ['sha512', `sha512=${hex(SECRET, body, 'sha512')}`],
    ['the digits of sha1 under the name of sha256', `sha256=${hex(SECRET, body, 'sha1')}`],
    ['no name', digits],
    ['base64', `sha256=${Buffer.from(digits, 'hex').toString('base64')}`],
    ['one digit less', right.slice(0, -1)],
    ['one digit more', `${right}0`],
    ['a line break after it', `${right}\n`],
    ['a space before it', ` ${right}`],
    ['itself twice', `${right}, ${right}`],
    ['only the name', 'sha256='],
    ['nothing', ''],
    ['the secret instead of a signature', SECRET],
    ['a signature with an empty secret', `sha256=${hex('', body)}`],
    ['a signature with the line break that `echo` adds to the secret', `sha256=${hex(`${SECRET}\n`, body)}`],
    ['a signature of an empty body', `sha256=${hex(SECRET, Buffer.alloc(0))}`],
  ])('does not pass with %s', (_, signature) => {
    expect(isTaken(sourceOf('bitbucket'), { headers: { 'x-hub-signature': signature }, body })).toBe(false);
  });

  it('passes with secrets of every length around the block size of the hash', () => {
    for (const length of [16, 23, 24, 63, 64, 65, 128, 129]) {
      const secret = 's'.repeat(length);
      expect(isTaken(sourceOf('bitbucket', secret), hubSigned(body, secret))).toBe(true);
      expect(isTaken(sourceOf('bitbucket', secret), hubSigned(body, `${secret}s`))).toBe(false);
    }
  });
});

describe('Standard Webhooks', () => {
  const body = Buffer.from('{"a":1}');
  const seconds = (count: number) => new Date(NOW.getTime() + count * 1000);

  it('verifies signatures of the published library', () => {
    const theirs = new Signer(signingToken(7)).sign('f3c0', NOW, body.toString());
    expect(standardSigned(body).headers['webhook-signature']).toBe(theirs);
  });

  it.each([-360, 360, -301, 301])('does not pass %i s away from our clock', (count) => {
    expect(isTaken(gitlab, standardSigned(body, { at: seconds(count) }))).toBe(false);
  });

  it('does not pass with the timestamp or id of another webhook', () => {
    const now = standardSigned(body).headers;
    const later = standardSigned(body, { at: seconds(1), id: 'f3c1' }).headers;
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const)
      expect(isTaken(gitlab, { headers: { ...now, [name]: later[name] ?? '' }, body })).toBe(false);
  });

  it('covers the dots between its parts: an id that contains the timestamp does not pass', () => {
    const { headers } = standardSigned(body, { id: 'f3c0.1' });
    expect(
      isTaken(gitlab, {
        headers: { ...headers, 'webhook-id': 'f3c0' },
        body: Buffer.concat([Buffer.from('1.'), body]),
      }),
    ).toBe(false);
  });

  it.each([
    ' 1773522000',
    '1773522000 ',
    '+1773522000',
    '1773522000.0',
    '0x69B5CB50',
    '1.7735220e9',
    '',
    'NaN',
    '-1',
    '1773522000000',
  ])('does not pass with the timestamp "%s"', (timestamp) => {
    const key = Buffer.from(signingToken(7).slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`f3c0.${timestamp}.`).update(body).digest('base64');
    const headers = { 'webhook-id': 'f3c0', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
    expect(isTaken(gitlab, { headers, body })).toBe(false);
  });

  it('checks each of a thousand signatures, and only v1', () => {
    const { headers } = standardSigned(body);
    const wrong = Array.from({ length: 1_000 }, (_, index) => `v1,${Buffer.alloc(32, index).toString('base64')}`);
    const given = (signatures: readonly string[]) => ({
      headers: { ...headers, 'webhook-signature': signatures.join(' ') },
      body,
    });
    const right = headers['webhook-signature'] ?? '';
    expect(isTaken(gitlab, given([...wrong, right]))).toBe(true);
    expect(isTaken(gitlab, given(wrong))).toBe(false);
    expect(
      isTaken(gitlab, given([right.replace('v1,', 'v1a,'), right.replace('v1,', ''), right.replace('v1,', 'V1,')])),
    ).toBe(false);
    expect(isTaken(gitlab, { headers: { ...headers, 'webhook-signature': `${right},` }, body })).toBe(false);
  });
});

describe('a token', () => {
  const PROOFS: readonly [type: string, header: string, write: (token: string) => string][] = [
    ['gitlab', 'x-gitlab-token', (token) => token],
    ['argocd', 'authorization', (token) => `Bearer ${token}`],
    ['argocd', 'authorization', (token) => `Basic ${Buffer.from(`any:${token}`).toString('base64')}`],
    ['argocd', 'private-token', (token) => token],
    ['changes-api', 'authorization', (token) => `Bearer ${token}`],
  ];
  const taken = ([type, header, write]: (typeof PROOFS)[number], token: string) =>
    isTaken(sourceOf(type), { headers: { [header]: write(token) }, body: Buffer.from('{}') });

  it.each(PROOFS)('of %s in %s passes only unchanged', (...proof) => {
    expect(taken(proof, SECRET)).toBe(true);
    const wrong = [
      OTHER,
      '',
      SECRET.slice(0, -1),
      SECRET.slice(1),
      `${SECRET}x`,
      `${SECRET}\u0000`,
      SECRET.toUpperCase(),
      `${SECRET}, ${SECRET}`,
      'x'.repeat(SECRET.length),
      SECRET.repeat(1_000),
      'undefined',
      'null',
      '[object Object]',
    ];
    expect(wrong.filter((token) => taken(proof, token))).toEqual([]);
  });

  it('does not pass with one bit changed', () => {
    for (const [type, header, write] of PROOFS) {
      const signed = { headers: { [header]: write(SECRET) }, body: Buffer.alloc(0) };
      const all = Array.from({ length: write(SECRET).length * 8 }, (_, bit) => flip(signed, { part: 0, bit }));
      const through = all.filter((one) => isTaken(sourceOf(type), one)).map(({ headers }) => headers[header] ?? '');
      // The name of the scheme may be written in any case (RFC 9110, 11.1), and who the user is does not matter.
      const meant = through.filter(
        (text) => !/^(Bearer|Basic) /i.test(text) || (/^Bearer/i.test(text) && !text.endsWith(SECRET)),
      );
      expect(meant).toEqual([]);
    }
  });
});

/**
 * That the time tells nothing is not measured: that would find noise. Every secret is compared by `sameDigest`, which
 * compares two hashes of equal length by timingSafeEqual, and all are compared although the first one fits.
 */
describe('the comparison', () => {
  it('compares texts of any length and content for equality', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(sameSecret(one, one)).toBe(true);
        expect(sameSecret(one, other)).toBe(Buffer.from(one).equals(Buffer.from(other)));
      }),
    );
  });

  it('is made with every secret of every source, whichever matches', async () => {
    for (const type of ['gitlab', 'bitbucket', 'argocd', 'changes-api']) {
      for (const position of [0, 1, 2]) {
        const secrets = ['secret-number-one-of-3', 'secret-number-two-of-3', 'secret-number-three-of-3'];
        const source = AnySource.parse({ type, secrets });
        const sender = AnySource.parse({ type, secrets: [secrets[position] ?? ''] });
        const { headers, body } = sender.sample(NOW);
        const counted = await comparisons(() => isTaken(source, { headers, body: Buffer.from(body) }));
        expect(counted.result, `${type} ${position}`).toBe(true);
        expect(counted.times % secrets.length, `${type} ${position}`).toBe(0);
        expect(counted.times, `${type} ${position}`).toBeGreaterThan(0);
      }
    }
  });
});

/** How often `sameDigest` runs, by the engine's own count: nothing of ours is replaced for it. */
async function comparisons<T>(run: () => T): Promise<{ result: T; times: number }> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  const result = run();
  const { result: scripts } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const script = scripts.find(({ url }) => url.endsWith('/src/sources/signature.ts'));
  const found = script?.functions.find(({ functionName }) => functionName === 'sameDigest');
  return { result, times: found?.ranges[0]?.count ?? 0 };
}

describe('a secret of the configuration', () => {
  it.each(['', ' ', 'short', 'a-secret-of-24-characters\n', ' a-secret-of-24-characters'])(
    'is refused: %j',
    (secret) => {
      expect(Secrets.safeParse([secret]).success).toBe(false);
    },
  );
  it('must not be an empty list', () => {
    expect(Secrets.safeParse([]).success).toBe(false);
  });
});

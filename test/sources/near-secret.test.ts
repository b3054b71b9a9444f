import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mistakeWithSecret } from '../../src/sources/near-secret.ts';
import type { Webhook } from '../../src/sources/received-webhook.ts';
import { SECRET } from '../explain/support.ts';
import { config } from '../support/every-source.ts';

const sent = (path: string, headers: Record<string, string>, body: string): Webhook => ({
  ...{ id: 'w', method: 'POST', path, headers, body: Buffer.from(body) },
  ...{ receivedAt: new Date(), address: '192.0.2.1' },
});

/** The sample of each source, with something done to the secret that it sends. */
const samples = config.sources.map((source) => ({ name: source.name, source, sample: source.sample(new Date()) }));
const carriers = samples.filter(({ sample }) => Object.values(sample.headers).some((value) => value.includes(SECRET)));
const changed = ({ sample: { path, headers, body } }: (typeof samples)[number], to: string) =>
  sent(path, Object.fromEntries(Object.entries(headers).map(([name, it]) => [name, it.replace(SECRET, to)])), body);

const MISTAKES: readonly (readonly [sent: string, says: string])[] = [
  [`"${SECRET}"`, 'with quotation marks around it'],
  [`'${SECRET}'`, 'with quotation marks around it'],
  [`${SECRET}%0A`, 'with a line break at its end'],
  [`${SECRET}\\n`, 'with a line break at its end'],
  [Buffer.from(`${SECRET}\n`).toString('base64'), 'in base64'],
  [Buffer.from(SECRET).toString('base64'), 'in base64'],
  [SECRET.toUpperCase(), 'in other case'],
];

describe.each(carriers)('a token for $name', (carrier) => {
  it.each(MISTAKES)('%s', (value, says) => {
    expect(carrier.source.isProvedBy(changed(carrier, value), carrier.source.secrets)).toBe(false);
    expect(mistakeWithSecret(carrier.source, changed(carrier, value))).toContain(`the right secret, but ${says}`);
  });

  it('that was cut', () => {
    const source = { ...carrier.source, secrets: [`${SECRET}${'0123456789abcdef'.repeat(3)}`] };
    const [long = ''] = source.secrets;
    const said = mistakeWithSecret(source, changed(carrier, long.slice(0, 40)));
    if (carrier.source.isProvedBy(changed(carrier, long), [long]))
      expect(said).toBe('only the beginning of the right secret: copy it whole');
    expect(mistakeWithSecret(source, changed(carrier, long.slice(0, 20)))).toBeUndefined();
  });

  it('that is no secret of ours', () => {
    expect(mistakeWithSecret(carrier.source, changed(carrier, 'another-secret-0123456789'))).toBeUndefined();
  });

  it.each(['$SHIPLOG_SECRET', `\${SHIPLOG_SECRET}`, '{{secret}}', 'null'])('that nobody filled in: %s', (value) => {
    expect(mistakeWithSecret(carrier.source, changed(carrier, value))).toContain('the name of a variable');
  });
});

const bearers = carriers.filter(({ sample }) => sample.headers['authorization']?.startsWith('Bearer '));
it.each(bearers)('a token for $name without a scheme', ({ source, sample }) => {
  const headers = (authorization: string) => ({ ...sample.headers, authorization });
  for (const value of [SECRET, `Token ${SECRET}`])
    expect(mistakeWithSecret(source, sent(sample.path, headers(value), sample.body))).toContain('without "Bearer "');
});

const SIGNATURES: readonly (readonly [secret: string, says: string])[] = [
  [`${SECRET}\n`, 'with a line break at its end'],
  [`"${SECRET}"`, 'with quotation marks around it'],
  [Buffer.from(SECRET).toString('base64'), 'in base64'],
];
it.each(SIGNATURES)('a signature of Bitbucket, made with %j', (secret, says) => {
  const [source] = config.sources.filter(({ name }) => name === 'bitbucket');
  if (!source) throw new Error('there is no source bitbucket');
  const body = '{"BITBUCKET_COMMIT": "4f0c9e1d"}';
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const webhook = sent('/webhooks/bitbucket', { 'x-hub-signature': signature }, body);
  expect(mistakeWithSecret(source, webhook)).toContain(says);
  const large = { ...webhook, body: Buffer.alloc(1024 * 1024) };
  expect(mistakeWithSecret(source, large)).toBeUndefined();
});

it.each(samples)('the secret of $name in another place than the tool puts it', ({ source }) => {
  const webhook = sent(`/webhooks/${source.name}`, { 'x-quay-key': SECRET }, '{}');
  expect(mistakeWithSecret(source, webhook)).toBe('the right secret, but in the header x-quay-key');
  const inUrl = { ...sent(`/webhooks/${source.name}`, {}, '{}'), query: `page=1&token=${SECRET}` };
  expect(mistakeWithSecret(source, inUrl)).toContain('the right secret, but in the query of the URL');
  const another = { ...webhook, headers: { 'x-quay-key': 'another-secret-0123456789' } };
  expect(mistakeWithSecret(source, another)).toBeUndefined();
});

it('the secret of Bitbucket itself, where its signature belongs', () => {
  const [source] = config.sources.filter(({ name }) => name === 'bitbucket');
  if (!source) throw new Error('there is no source bitbucket');
  const webhook = sent('/webhooks/bitbucket', { 'x-hub-signature': SECRET }, '{}');
  expect(mistakeWithSecret(source, webhook)).toContain('a signature is expected there');
});

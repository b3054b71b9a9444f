import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask } from '../../src/values/mask.ts';
import { redactBody } from '../../src/values/redact.ts';

const redact = (value: unknown) => JSON.parse(redactBody(Buffer.from(JSON.stringify(value))).toString());

describe('redactBody', () => {
  it('hides the values of CI variables and keeps their names', () => {
    const hook = { object_attributes: { variables: [{ key: 'DEPLOY_PASS', value: 'hunter2' }], ref: 'main' } };
    expect(redact(hook)).toEqual({
      object_attributes: { variables: [{ key: 'DEPLOY_PASS', value: '[redacted]' }], ref: 'main' },
    });
  });

  it('hides fields whose names say that they are secret, at any depth', () => {
    const body = {
      env: { BITBUCKET_STEP_OIDC_TOKEN: 'eyJ', BITBUCKET_COMMIT: 'abc' },
      list: [{ password: 'p', api_key: 'k', tokens: 3 }],
    };
    expect(redact(body)).toEqual({
      env: { BITBUCKET_STEP_OIDC_TOKEN: '[redacted]', BITBUCKET_COMMIT: 'abc' },
      list: [{ password: '[redacted]', api_key: '[redacted]', tokens: 3 }],
    });
  });

  it('hides them in JSON that lies in a text, or in the bytes of an event, and changes no other text', () => {
    const inner = { summary: 'Deployed pay', password: 'Keel9', variables: [{ key: 'A', value: 'Keel9' }] };
    const safe = { summary: 'Deployed pay', password: '[redacted]', variables: [{ key: 'A', value: '[redacted]' }] };
    const bytes = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
    expect(redact({ body: JSON.stringify(inner) })).toEqual({ body: JSON.stringify(safe) });
    expect(redact(JSON.stringify(inner))).toBe(JSON.stringify(safe));
    expect(redact({ body: JSON.stringify({ variables: inner.variables }) })).toEqual({
      body: JSON.stringify({ variables: safe.variables }),
    });
    for (const fields of [{ variables: inner.variables }, { pass: 'Keel9' }]) {
      const asDotNet = JSON.stringify(JSON.stringify(fields)).replaceAll('\\"', '\\u0022'); // System.Text.Json
      expect(redactBody(Buffer.from(`{"body":${asDotNet}}`)).toString()).not.toContain('Keel9');
    }
    expect(redact({ a: { data_base64: bytes(inner) } })).toEqual({ a: { data_base64: bytes(safe) } });
    expect(JSON.stringify(redact({ deep: JSON.stringify({ deeper: JSON.stringify(inner) }) }))).not.toContain('Keel9');
    for (const body of ['{ "a" : 1 }', '[not JSON', '{"token_count": 3}'])
      expect(redact({ body, password: 'Keel9' })).toEqual({ body, password: '[redacted]' });
  });

  it('hides all that is below such a name, whatever it is, and no more', () => {
    const body = { token: { value: 'Keel1', ids: [7] }, pwd: 'Keel2', jwt: 'Keel3', password: 8, x_signature: 'Keel4' };
    const kept = { author: 'mira', key: 'PAY-1', session_count: 3, bypass: 'no' };
    expect(redact({ ...body, ...kept })).toEqual({
      token: { value: '[redacted]', ids: ['[redacted]'] },
      pwd: '[redacted]',
      jwt: '[redacted]',
      password: '[redacted]',
      x_signature: '[redacted]',
      ...kept,
    });
  });

  it('hides the value beside a name that says it is secret, and no other value', () => {
    const parameters = (value: string) => [
      { name: 'db.password', value },
      { key: 'API_TOKEN', value },
      { Name: 'DB_PASSWORD', Value: value },
    ];
    const kept = [{ name: 'image.tag', value: '1.4' }, { value: 'password' }];
    expect(redact({ helm: { parameters: [...parameters('Keel9'), ...kept] } })).toEqual({
      helm: { parameters: [...parameters('[redacted]'), ...kept] },
    });
  });

  it.each([
    'DB_PASS',
    'db-pass',
    'cookie',
    'Set-Cookie',
    'bearer',
    'pin',
    'otp',
    'passcode',
    'password1',
    'new_token_2',
  ])('hides a field %s, which no other word gives away', (name) => {
    expect(redact({ headers: { [name]: 'Keel9' }, bypass: 'no' })).toEqual({
      headers: { [name]: '[redacted]' },
      bypass: 'no',
    });
  });

  it.each([
    '#access_token=Keel5',
    '?pass=Keel5',
    '?x=1&credentials=Keel5',
    ';jsessionid=Keel5?x=1',
    '&authorization=Keel5',
  ])('hides %s in an address', (end) => {
    expect(JSON.stringify(redact({ message: `see https://code.example.com/p${end} or ask` }))).not.toContain('Keel5');
  });

  it.each(['pass=Keel6&a=b', 'a=b&pwd=Keel6', 'name="auth"\r\n\r\nKeel6'])('keeps nothing of a form %j', (form) => {
    expect(redactBody(Buffer.from(form)).toString()).not.toContain('Keel6');
  });

  it('masks the signature of an address', () => {
    const url = 'https://build-output.example.com/streams/1.log';
    const signed = `${url}?X-Amz-Credential=AKIA%2F1&X-Amz-Date=20260319&X-Amz-Signature=0f9d`;
    expect(redact({ output_stream_url: signed, page: `${url}?line=3` })).toEqual({
      output_stream_url: `${url}?[redacted]`,
      page: `${url}?line=3`,
    });
  });

  it('hides the password of an address that is signed as well', () => {
    const body = { page: 'https://mira:Anchor1Anchor2@code.example.com/p/1?token=Rudder1Rudder2' };
    expect(redact(body)).toEqual({ page: 'https://code.example.com/p/1?[redacted]' });
  });

  it('returns the same bytes if there is nothing to mask', () => {
    const body = Buffer.from('{"a": 12345678901234567890, "variables": [ ]}');
    expect(redactBody(body)).toBe(body);
  });

  it('makes the same of a body that is parsed already, which stays as it is', () => {
    const name = fc.constantFrom('token', 'variables', 'value', 'key', 'author', 'glpat-Lamp1Lamp2Lamp3Lamp4', '0');
    const text = fc.constantFrom('', 'mira', 'glpat-Tide1Tide2Tide3Tide4', 'https://code.example.com/?sig=1', 'token');
    const { value: json } = fc.letrec((again) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.constant(null),
        fc.array(again('value')),
        fc.dictionary(name, again('value')),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const body = Buffer.from(JSON.stringify(value));
        const parsed: unknown = JSON.parse(body.toString());
        expect(redactBody(body, parsed).toString()).toBe(redactBody(body).toString());
        expect(parsed).toEqual(JSON.parse(body.toString()));
      }),
    );
  });

  it('keeps what has an escaped ampersand and no secret as it came, and misses none behind one', () => {
    const body = Buffer.from('{"avatar_url":"https://a.example.com/8e2d?s=80\\u0026d=identicon"}');
    expect(redactBody(body)).toBe(body);
    const texts = [
      'https://a.example.com/?a=1&token=Lamp1',
      'https://a.example.com/?a=1&x-amz-date=Lamp1',
      'a=1&pass=Lamp1',
      'https://mira:Lamp1&Lamp1@b.example.com',
      'https://&Lamp1:Lamp1@b.example.com',
      'a&glpat-Lamp1Lamp2Lamp3Lamp4',
      'a&Bearer Lamp1Lamp2Lamp3Lamp4',
    ];
    for (const text of texts)
      for (const inner of [{ text }, { text: JSON.stringify({ text }) }, { text: JSON.stringify({ pwd: 'Lamp1' }) }]) {
        const json = JSON.stringify(inner).replaceAll('&', '\\u0026');
        expect(redactBody(Buffer.from(json)).toString(), json).not.toContain('Lamp1');
        expect(redactBody(Buffer.from(json.slice(0, -1))).toString(), json).not.toContain('Lamp1');
        const twice = JSON.stringify({ a: json });
        expect(redactBody(Buffer.from(twice)).toString(), twice).not.toContain('Lamp1');
      }
  });

  it('drops a suspicious body that it cannot parse', () => {
    for (const text of ['{"token": "abc', `{"token": "abc", "deep": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`]) {
      expect(redactBody(Buffer.from(text)).toString()).not.toContain('abc');
    }
  });

  it('hides a secret that is the name of a field, also one of small letters among many names', () => {
    const secret = `ghp_${'harborlight'.repeat(3)}`;
    const names = ['pilot', secret, 'lamp', 'ghp', '_keel'];
    const kept = redact(Object.fromEntries(names.map((name) => [name, 'lit'])));
    expect(kept).toEqual({ pilot: 'lit', '[secret]': 'lit', lamp: 'lit', ghp: 'lit', _keel: 'lit' });
  });

  it('hides a secret that stands in the name of a field, and keeps the value of each', () => {
    const body = { 'glpat-Lamp1Lamp2Lamp3Lamp4': 'a', 'glpat-Tide1Tide2Tide3Tide4': 'b', ref: 'main' };
    const hidden = redact(body);
    expect(JSON.stringify(hidden)).not.toMatch(/Lamp1|Tide1/);
    expect(Object.values(hidden).toSorted()).toEqual(['a', 'b', 'main']);
    expect(createMask([]).json(body)).not.toMatch(/Lamp1|Tide1/);
    expect(createMask(['Anchor1Anchor2']).json({ labels: { 'x-Anchor1Anchor2': 1 } })).not.toContain('Anchor1');
  });

  it('hides a random value under a name that ends in key, however it is written', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const secret = createHash('sha256').update(`${seed}`).digest('base64');
      for (const name of ['key', 'Key', 'hostKey', 'stripe_key', 'signing_key'])
        expect(redact({ [name]: secret, keys: [secret] })).toEqual({ [name]: '[redacted]', keys: ['[redacted]'] });
    }
  });

  it.each([
    'PAY-1',
    'HARBOR',
    'NESTOR_PROD_ENVIRONMENT_OF_2026',
    'steps-{7e5a3c90-1b2d-4f6a-8c9e-0d1f2a3b4c5d}',
    'deployKeyForProduction2026Release',
    'harbor-lighthouse-api-Prod-2026-03-19',
    'argocd/lighthouse-api/production/Europe-West-1',
    '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf',
    '01HQ3K5V8XJ4Z7T2M9B6C1D0EF',
    'repo:commit_status_updated',
  ])('keeps the key %s, which names something', (key) => {
    expect(redact({ key, project_key: key, password: 'p' })).toMatchObject({ key, project_key: key });
  });
});

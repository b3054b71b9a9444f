import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { heroku } from '../../../src/sources/heroku/index.ts';
import { kindOf } from '../../../src/sources/heroku/release-kind.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

const SECRET = 'heroku-secret-of-25-letters';
const OTHER = 'the-secret-before-this-one';
const source = heroku.parse({
  type: 'heroku',
  secrets: [SECRET, OTHER],
  environments: { 'Lighthouse-Prod': 'production' },
});
const here = new URL('.', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, here), 'utf8'));

function post(body: Buffer, headers: Webhook['headers'] = {}): Webhook {
  return {
    id: 'w',
    method: 'POST',
    path: '/webhooks/heroku',
    headers,
    body,
    receivedAt: new Date('2026-03-19T14:30:09.000Z'),
  };
}
const map = (payload: unknown): Mapped => source.map(payload, post(Buffer.alloc(0)));

function recordOf(payload: unknown): NewChangeRecord {
  const mapped = map(payload);
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error(`there is no record: ${JSON.stringify(mapped)}`);
  return mapped.records[0];
}

/** The release of a file, and whatever of it a test wants otherwise. */
const release = (over: Record<string, unknown>, file = 'deploy-succeeded.json') => {
  const payload = read(file);
  return { ...payload, data: { ...payload.data, ...over } };
};

describe('what Heroku sends', () => {
  const files = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
  it.each(files)('%s becomes its expected result', async (file) => {
    const mapped = map(read(file));
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(file.replace('.json', '.expected.json'));
  });
});

describe('one release', () => {
  it('is one deployment from its release phase to its end', () => {
    const records = ['deploy-succeeded.json', 'deploy-pending.json'].map((file) =>
      ChangeRecord.parse(recordOf(read(file))),
    );
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(1);
    expect(fold('k', records)).toMatchObject({
      state: 'succeeded',
      startedAt: '2026-03-19T14:29:00.000Z',
      finishedAt: '2026-03-19T14:30:07.000Z',
    });
  });

  it('is the same when it is reported again after the next release', () => {
    const ids = [true, false].map((current) => recordOf(release({ current })).id);
    expect(new Set(ids).size).toBe(1);
  });

  it('is not the release of another app or number', () => {
    const keys = [
      release({}),
      release({ id: 'another' }),
      release({ app: { id: 'another', name: 'lighthouse-prod' } }),
    ].map((payload) => recordOf(payload).deployment);
    expect(new Set(keys).size).toBe(3);
    expect(keys[1]).toBe('heroku:a1f7c8d2-5b7e-4a5b-8a34-0c9d1e2f3a4b:release:another');
  });
});

describe('a build', () => {
  it('is a deployment of its own if it fails, and otherwise part of its release', () => {
    const built = (status: string) => map(release({ status }, 'build-failed.json'));
    expect(built('failed')).toMatchObject({
      records: [{ state: 'failed', deployment: expect.stringContaining(':build:') }],
    });
    expect(built('pending')).toMatchObject({
      reason: 'not_a_deployment',
      detail: expect.stringContaining('its release'),
    });
    expect(built('succeeded')).toMatchObject({ reason: 'not_a_deployment' });
    expect(built('expired')).toMatchObject({ reason: 'unknown_status' });
  });
});

describe('the environment', () => {
  it('is the configured one of the app', () => {
    expect(recordOf(read('deploy-succeeded.json')).environment).toEqual({ name: 'production' });
  });
  it('is never the price plan of the app', () => {
    const { environment, notes } = recordOf(read('promote-staging-unknown-app.json'));
    expect(environment).toEqual({ name: 'unknown' });
    expect(notes?.join()).toContain('environments: { tide-table-eu: … }');
  });
});

describe('what a release is', () => {
  it.each([
    ['Deploy 7c1b0e94', true, 'deployment'],
    ['Deployed web (2f6e1a9b8c7d)', false, 'deployment'],
    ['Promote tide-table-staging v7 7c1b0e94', true, 'deployment'],
    ['Rollback to v12', true, 'rollback'],
    ['Set LAMP config vars', true, 'config_change'],
    ['Remove LAMP, HORN config vars', true, 'config_change'],
    ['Attach DATABASE (@ref:postgresql-cubed-1)', true, 'config_change'],
    ['Detach DATABASE (@ref:postgresql-cubed-1)', true, 'config_change'],
    ['Something of their future', true, 'deployment'],
    ['Something of their future', false, 'other'],
    [undefined, false, 'other'],
    ['Set LAMP_URL config vars by lamp-database', true, 'config_change'],
    ['Initial release', false, undefined],
    ['Enable Logplex', false, undefined],
  ])('%s (code: %s) is %s', (description, hasCode, type) => {
    expect(kindOf(description, hasCode).type).toBe(type);
  });

  it('whose code Heroku removed long after is no outcome', () => {
    expect(map(release({ status: 'expired' }))).toMatchObject({ kind: 'ignored', reason: 'not_a_deployment' });
  });

  it('ignores an unknown status', () => {
    expect(map(release({ status: 'halted' }))).toMatchObject({
      reason: 'unknown_status',
      detail: expect.stringContaining('halted'),
    });
    expect(map(release({ status: 'constructor' }))).toMatchObject({ reason: 'unknown_status' });
    expect(map(release({ status: null }))).toMatchObject({ reason: 'unknown_status' });
  });

  it('is recorded if a field has another type', () => {
    const record = recordOf(release({ version: 'v42', slug: 7, description: ['x'], user: 'mira' }));
    expect(record).toMatchObject({ state: 'succeeded', changeType: 'other', actor: 'mira@harbor.example' });
    expect(record).not.toHaveProperty('commit');
  });

  it.each([['id'], ['app']])('is refused without %s', (field) => {
    expect(() => map(release({ [field]: undefined }))).toThrow(
      expect.objectContaining({ code: 'bad_payload', message: expect.stringContaining(`data.${field}`) }),
    );
  });
});

describe('the signature', () => {
  const body = readFileSync(new URL('deploy-succeeded.json', here));
  const sign = (secret: string, bytes: Buffer = body) => createHmac('sha256', secret).update(bytes).digest('base64');
  const verify = (signature: string | undefined, bytes: Buffer = body) =>
    source.verify(post(bytes, signature === undefined ? {} : { 'heroku-webhook-hmac-sha256': signature }));

  it.each([SECRET, OTHER])('is accepted with each of the secrets', (secret) => {
    expect(() => verify(sign(secret))).not.toThrow();
  });

  it('is over the raw bytes', () => {
    const spaced = Buffer.concat([body, Buffer.from(' ')]);
    expect(() => verify(sign(SECRET), spaced)).toThrow(expect.objectContaining({ code: 'bad_signature' }));
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one of another secret', sign('a-secret-of-somebody-else')],
    ['hexadecimal digits', createHmac('sha256', SECRET).update(body).digest('hex')],
    ['the secret itself', SECRET],
    ['two at once', `${sign(SECRET)}, ${sign(SECRET)}`],
  ])('is refused when it is %s', (_, signature) => {
    expect(() => verify(signature)).toThrow(expect.objectContaining({ code: 'bad_signature' }));
    expect(() => verify(signature)).not.toThrow(SECRET);
  });
});

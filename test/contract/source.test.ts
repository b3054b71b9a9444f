import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../src/domain/change-record.ts';
import { NotKept, WebhookRejected } from '../../src/domain/errors.ts';
import { knownTier } from '../../src/domain/tier.ts';
import { serve } from '../../src/receive.ts';
import { AnySource } from '../../src/sources/index.ts';
import { IGNORED_REASONS } from '../../src/sources/mapped.ts';
import type { Webhook } from '../../src/sources/received-webhook.ts';
import { NO_ROWS } from '../../src/sources/rows.ts';
import type { Source } from '../../src/sources/source.ts';
import { presetNames } from '../../src/sources/webhook/presets/index.ts';

const SECRET = 'a-secret-of-24-characters';

/** What some presets need, or what stands in no header by default: test/sources/webhook/mapping.test.ts has the path. */
const MORE: Readonly<Record<string, object>> = {
  'github-workflow': { fields: { environment: { path: 'workflow_run.name', map: { Deploy: 'staging' } } } },
  jenkins: { verify: 'basic' },
};

/** Every type, and every preset of the one that has some. */
const CONFIGURED = [
  ...AnySource.options.map((option) => ({ type: typeOf(option) })),
  ...presetNames.map((preset) => ({ type: 'webhook', preset, ...MORE[preset] })),
];
const sourceOf = (configured: (typeof CONFIGURED)[number], secret = SECRET) =>
  AnySource.parse({ ...configured, secrets: [secret] });

function typeOf(option: (typeof AnySource.options)[number]): string {
  return option.in.shape.type.value;
}

function toWebhook({
  path,
  headers,
  body,
}: {
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | Buffer;
}): Webhook {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    id: 'w',
    method: 'POST',
    path,
    headers: lower,
    body: Buffer.from(body),
    receivedAt: new Date('2026-03-14T21:00:00Z'),
  };
}

const sampleOf = (source: Source) => toWebhook(source.sample(new Date('2026-03-14T21:00:00Z')));

const textOf = (source: Source) => sampleOf(source).body.toString();

function recordOf(source: Source, text: string) {
  const mapped = source.map(JSON.parse(text), { ...sampleOf(source), body: Buffer.from(text) });
  return mapped.kind === 'records' ? mapped.records[0] : undefined;
}

/** The branch as the sample writes it; none where its tool names none, or only as a part of another text. */
function refOf(source: Source): readonly string[] {
  const text = textOf(source);
  const branch = recordOf(source, text)?.ref;
  return [branch, `refs/heads/${branch}`].filter((ref) => ref !== undefined).filter((ref) => text.includes(`"${ref}"`));
}

it('has samples of several tools that name a branch', () => {
  expect(CONFIGURED.flatMap((one) => refOf(sourceOf(one))).length).toBeGreaterThan(5);
});

const labelled = CONFIGURED.map((configured) => [Object.values(configured).slice(0, 2).join(' '), configured] as const);

describe.each(labelled)('%s', (_label, configured) => {
  const source = sourceOf(configured);
  it.each(refOf(source))('names branch, tag and merge request as people do, where its tool writes %s', (ref) => {
    const written = (other: string) => recordOf(source, textOf(source).replaceAll(`"${ref}"`, `"${other}"`));
    expect(written('refs/heads/dim-lamp')?.ref).toBe('dim-lamp');
    expect(written('refs/tags/v1.4.2')).toMatchObject({ ref: 'v1.4.2' });
    expect(written('refs/merge-requests/42/merge')?.ref ?? '').not.toContain('refs/');
  });

  it('has a sample that is not for production: it counts like any other deployment', () => {
    const mapped = source.map(JSON.parse(sampleOf(source).body.toString()), sampleOf(source));
    const records = mapped.kind === 'records' ? mapped.records : [];
    expect(records.filter(({ environment }) => knownTier(environment) === 'production')).toEqual([]);
  });

  it('accepts its own sample and makes one valid record of it, or one alert', () => {
    const webhook = sampleOf(source);
    expect(() => source.verify(webhook)).not.toThrow();
    const mapped = source.map(JSON.parse(webhook.body.toString()), webhook);
    expect(mapped.kind).toBe('records');
    if (mapped.kind !== 'records') return;
    const records = mapped.records.map((record) => ChangeRecord.parse(record));
    expect([...records, ...(mapped.alerts ?? [])]).toHaveLength(1);
    expect(records[0] ?? { source: source.type, ...mapped.alerts?.[0] }).toMatchObject({
      source: source.type,
      instance: source.name,
    });
  });

  it('gives the same ids for the same bytes, whenever they arrive', () => {
    const webhook = sampleOf(source);
    const ids = (receivedAt: Date) => {
      const mapped = source.map(JSON.parse(webhook.body.toString()), { ...webhook, id: 'another', receivedAt });
      return mapped.kind === 'records' ? [...mapped.records, ...(mapped.alerts ?? [])].map(({ id }) => id) : [];
    };
    expect(ids(new Date('2026-03-14T21:00:00Z'))).toEqual(ids(new Date('2026-03-14T21:30:00Z')));
  });

  it.each([
    ['nothing that proves the sender', (webhook: Webhook) => ({ ...webhook, headers: {} })],
    [
      'empty proofs',
      (webhook: Webhook) => ({
        ...webhook,
        headers: Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, ''])),
      }),
    ],
    [
      'proofs of another secret',
      () => toWebhook(sourceOf(configured, 'another-secret-altogether').sample(new Date('2026-03-14T21:00:00Z'))),
    ],
  ])('refuses %s', (_, change) => {
    const webhook = change(sampleOf(source));
    expect(() => source.verify(webhook)).toThrow(
      expect.objectContaining({ name: 'WebhookRejected', code: 'bad_signature' }),
    );
    expect(() => source.verify(webhook)).not.toThrow(SECRET);
  });

  it('names the headers that authenticate its sender, and no other header does', () => {
    const webhook = sampleOf(source);
    const proofs = source.proofHeaders.filter((name) => webhook.headers[name] !== undefined);
    expect(proofs).not.toEqual([]);
    const refused = (headers: Webhook['headers']) => {
      expect(() => source.verify({ ...webhook, headers })).toThrow(expect.objectContaining({ code: 'bad_signature' }));
    };
    for (const name of proofs) refused({ ...webhook.headers, [name]: `${webhook.headers[name]}x` });
    refused(Object.fromEntries(Object.entries(webhook.headers).filter(([name]) => !proofs.includes(name))));
    const others = Object.entries(webhook.headers).filter(([name]) => proofs.includes(name));
    expect(() => source.verify({ ...webhook, headers: Object.fromEntries(others) })).not.toThrow();
  });

  it('keeps the header by which a delivery is found again, and none that proves who sent it', () => {
    for (const name of [...source.keptHeaders, ...source.deliveryIdHeaders, ...source.proofHeaders])
      expect(name).toBe(name.toLowerCase());
    expect(source.keptHeaders).toEqual(expect.arrayContaining([...source.deliveryIdHeaders]));
    for (const proof of source.proofHeaders) expect(source.keptHeaders).not.toContain(proof);
  });

  it('fills in its recipe with the address and, if requested, the secret', async () => {
    const url = `https://shiplog.harbor.example/webhooks/${source.name}`;
    const address = { base: 'https://shiplog.harbor.example', url, name: source.name };
    const hidden = JSON.stringify(await source.recipe({ ...address, secret: undefined }));
    expect(hidden).toContain('https://shiplog.harbor.example');
    expect(hidden).not.toContain(SECRET);
    expect(JSON.stringify(await source.recipe({ ...address, secret: SECRET }))).toContain(SECRET);
    await source.recipe({ base: 'not an address', url: 'not an address', name: source.name, secret: "it's `odd`" });
  });

  it('maps, ignores or rejects any JSON, and never fails otherwise', () => {
    const webhook = sampleOf(source);
    const sample = JSON.parse(webhook.body.toString());
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(sample)), fc.jsonValue())
      .map(([field, value]) => ({ ...sample, [field]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), mutated), (payload) => {
        const outcome = outcomeOf(source, payload, webhook);
        expect([undefined, ...IGNORED_REASONS]).toContain('reason' in outcome ? outcome.reason : undefined);
        if (outcome.kind === 'records') for (const record of outcome.records) ChangeRecord.parse(record);
      }),
      { numRuns: 500 },
    );
  });

  const path = '/api/v4/projects/harbor%2Fpay/deployments';
  const imitates = source.imitates?.covers(path) === true;
  it.each(imitates ? [path] : [])('answers or refuses any JSON that is sent to %s', async () => {
    const shapes = fc.oneof(fc.jsonValue(), fc.record({ kind: fc.constant('Application'), app: fc.jsonValue() }));
    const request = fc.record({ payload: shapes, method: fc.constantFrom('POST', 'PUT') });
    await fc.assert(
      fc.asyncProperty(request, async ({ payload, method }) => {
        const webhook = { ...sampleOf(source), method, path, body: Buffer.from(JSON.stringify(payload)) };
        const refused: unknown = await serve(source, webhook, NO_ROWS).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(refused === undefined || refused instanceof WebhookRejected || refused instanceof NotKept).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('never calls an environment production unless the sender did', () => {
    const webhook = sampleOf(source);
    const nameless = JSON.parse(webhook.body.toString().replaceAll(/"[^"]*(?:production|prod)[^"]*"/gi, '""'));
    const outcome = outcomeOf(source, nameless, webhook);
    const records = outcome.kind === 'records' ? outcome.records : [];
    expect(records.map(({ environment }) => environment.name)).not.toContain('production');
  });
});

function outcomeOf(source: Source, payload: unknown, webhook: Webhook) {
  try {
    return source.map(payload, webhook);
  } catch (error) {
    if (error instanceof WebhookRejected) return { kind: 'rejected' as const };
    throw error;
  }
}

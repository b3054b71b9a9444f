import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { argocd } from '../../../src/sources/argocd/index.ts';
import { body, createSource, createWebhook, recordOf, TOKEN } from './support.ts';

const basic = (password: string) => `Basic ${Buffer.from(`argocd:${password}`).toString('base64')}`;
const D_PATH = '/api/v4/projects/harbor%2Fbuoy/deployments';

describe('verify', () => {
  it.each([
    { authorization: `Bearer ${TOKEN}` },
    { authorization: basic(TOKEN) },
    { 'private-token': TOKEN },
    { 'x-gitlab-token': TOKEN },
    { 'job-token': TOKEN },
    { authorization: 'Bearer something-else', 'private-token': TOKEN },
  ])('accepts the token as %j', (headers) => {
    expect(() => createSource().verify(createWebhook({ headers }))).not.toThrow();
  });

  it.each([
    {},
    { authorization: TOKEN },
    { authorization: 'Bearer $shiplog-token' },
    { authorization: basic('wrong') },
    { 'private-token': `${TOKEN}x` },
    { 'private-token': `${TOKEN}, ${TOKEN}` },
    { 'private-token': '' },
  ])('refuses %j', (headers) => {
    const verify = () => createSource().verify(createWebhook({ headers }));
    expect(verify).toThrow(WebhookRejected);
    expect(verify).not.toThrow(TOKEN);
  });

  it('distinguishes a wrong token from none', () => {
    const verify = (headers: Record<string, string>) => () => createSource().verify(createWebhook({ headers }));
    expect(verify({})).toThrow(/^the token is missing/);
    expect(verify({ 'private-token': 'somebody-guesses' })).toThrow(/^the token is not one of the secrets/);
  });

  it('accepts the old and the new token during a change', () => {
    const source = createSource({ secrets: [TOKEN, 'the-next-harbor-master'] });
    for (const token of [TOKEN, 'the-next-harbor-master']) {
      expect(() => source.verify(createWebhook({ headers: { 'private-token': token } }))).not.toThrow();
    }
  });
});

describe('map', () => {
  it.each([
    ['flat body of the app "buoy" without a status', { action: 'upsert', application_name: 'buoy' }],
    ['nothing names the app', { application: null, status: 'Synced' }],
    ['commit status', { state: 'success', target_url: 'https://argocd.harbor.example', context: 'argocd/buoy' }],
    ['syncResult', { resources: [], revision: 'x', source: {} }],
    ['"a", "b"', { b: 1, a: 2 }],
    ['list', []],
    ['null', null],
    ['string', 'hello'],
    ['no keys', {}],
  ])('recognises %s', (words, payload) => {
    const mapped = createSource().map(payload, createWebhook());
    expect(mapped).toMatchObject({ kind: 'ignored', reason: 'unmapped', detail: expect.stringContaining(words) });
  });

  it('gives a valid record or a reason for any JSON on any path, the same each time', () => {
    const source = createSource();
    const mutated = fc
      .tuple(fc.constantFrom('succeeded', 'degraded', 'multi-source', 'drop-in'), fc.nat(), fc.jsonValue())
      .map(([name, at, value]) => replaceAt(body(name), at, value));
    const path = fc.oneof(
      fc.constantFrom('/webhooks/argocd', D_PATH, `${D_PATH}/7`, '/webhooks/argocd/projects/%ff/deployments'),
      fc.string().map((text) => `/webhooks/argocd/projects/${text}/deployments`),
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), mutated), path, (payload, at) => {
        const webhook = createWebhook({ path: at });
        const mapped = source.map(payload, webhook);
        if (mapped.kind === 'ignored') expect(mapped.detail).toBeTruthy();
        else for (const one of mapped.records) ChangeRecord.parse(one);
        expect(source.map(structuredClone(payload), webhook)).toEqual(mapped);
        if (mapped.kind === 'records') expect(JSON.stringify(mapped)).not.toMatch(/"(undefined|<no value>)"|:""|:null/);
      }),
      { numRuns: 1500 },
    );
  });
});

/** Replaces the n-th value of a body, counted depth first. */
function replaceAt(payload: object, at: number, value: unknown): object {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (part: object) => {
    for (const [key, inner] of Object.entries(part)) {
      places.push([part as Record<string, unknown>, key]); // JSON holds nothing but objects and arrays here
      if (typeof inner === 'object' && inner !== null) walk(inner);
    }
  };
  walk(payload);
  const place = places[at % places.length];
  if (place) place[0][place[1]] = value;
  return payload;
}

describe('answer', () => {
  const rejected = { kind: 'rejected', error: new WebhookRejected('bad_signature', 'no') } as const;
  const ignored = { kind: 'ignored', reason: 'unmapped' } as const;

  it("is GitLab's at GitLab's paths, and never 2xx for a body without a deployment", () => {
    const source = createSource();
    const webhook = createWebhook({ path: D_PATH });
    const json = { 'content-type': 'application/json' };
    expect(source.answer?.(rejected, webhook)).toEqual({
      status: 401,
      body: { message: '401 Unauthorized' },
      headers: json,
    });
    expect(source.answer?.(ignored, webhook)).toMatchObject({ status: 400, headers: json });
    expect(source.answer?.({ kind: 'ignored', reason: 'self_heal' }, webhook)).toBeUndefined();
    expect(source.answer?.({ kind: 'not_kept' }, webhook)).toMatchObject({ status: 503, headers: json });
  });

  it('is in our format elsewhere', () => {
    const source = createSource();
    const webhook = createWebhook();
    const record = recordOf(source.map(body('succeeded'), webhook));
    expect(source.answer?.({ kind: 'accepted', records: [record] }, webhook)).toEqual({
      status: 202,
      body: { accepted: true, status: 'accepted', ids: [record.id], deployments: [record.deployment] },
    });
    expect(source.answer?.(rejected, webhook)).toBeUndefined();
    expect(source.answer?.(ignored, webhook)).toBeUndefined();
  });
});

describe('the sample', () => {
  it('passes and becomes a deployment', () => {
    const source = createSource({ name: 'argocd-north' });
    const at = new Date('2026-05-04T10:00:00Z');
    const { path, headers, body: text } = source.sample(at);
    const webhook = createWebhook({ path, headers, body: Buffer.from(text), receivedAt: at });
    expect(path).toBe('/webhooks/argocd-north');
    expect(() => source.verify(webhook)).not.toThrow();
    const record = recordOf(source.map(JSON.parse(text), webhook));
    expect(record).toMatchObject({ state: 'succeeded', environment: { name: 'staging' } });
  });
});

describe('the configuration', () => {
  it('needs secrets and nothing else', () => {
    expect(argocd.parse({ type: 'argocd', secrets: [TOKEN] })).toMatchObject({
      type: 'argocd',
      name: 'argocd',
      maxBodyBytes: 2 * 1024 * 1024,
      alsoAt: ['/api/v4/'],
      keepsBrokenJson: true,
    });
    expect(argocd.safeParse({ type: 'argocd', secrets: [] }).success).toBe(false);
    expect(argocd.safeParse({ type: 'argocd', secrets: [TOKEN], degradd: 'ignore' }).success).toBe(false);
  });

  it('names the source that received it in the record', () => {
    const source = createSource({ name: 'argocd-north' });
    expect(recordOf(source.map(body('succeeded'), createWebhook())).instance).toBe('argocd-north');
  });
});

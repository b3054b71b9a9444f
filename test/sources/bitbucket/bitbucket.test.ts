import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { bitbucket } from '../../../src/sources/bitbucket/index.ts';
import { openingEnvelopes } from '../../../src/sources/envelope.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

const SECRET = 'a secret of the harbor';
const SHA = '3f9a1c5e7b2d4860a1c3e5f708192a3b4c5d6e7f';
const source = bitbucket.parse({ type: 'bitbucket', secrets: ['the one before it', SECRET] });

const webhook = (headers: Record<string, string> = {}, body = '{}', at = '2026-03-02T16:00:20.000Z'): Webhook => ({
  id: 'in_1',
  method: 'POST',
  path: '/webhooks/bitbucket',
  headers,
  body: Buffer.from(body),
  receivedAt: new Date(at),
});

const input = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));

const map = (body: unknown, eventKey?: string) =>
  source.map(body, webhook(eventKey === undefined ? {} : { 'x-event-key': eventKey }));

function record(body: unknown, eventKey?: string): ChangeRecord {
  const mapped = map(body, eventKey);
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error(`no record: ${JSON.stringify(mapped)}`);
  return ChangeRecord.parse(mapped.records[0]);
}

const step = (changes: Record<string, unknown> = {}) => ({ ...input('step-succeeded'), ...changes });
const rest = (changes: Record<string, unknown> = {}) => ({ ...input('rest-succeeded'), ...changes });
const dataCenter = (changes: Record<string, unknown> = {}) => ({ ...input('dc-succeeded'), ...changes });

describe('the signature', () => {
  const sign = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex');
  const verify = (headers: Record<string, string>, body = '{}') => source.verify(webhook(headers, body));

  it("matches Atlassian's published example", () => {
    const example = bitbucket.parse({ type: 'bitbucket', secrets: ["It's a Secret to Everybody"] });
    const signature = 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9';
    expect(() => example.verify(webhook({ 'x-hub-signature': signature }, 'Hello World!'))).not.toThrow();
    expect(() => example.verify(webhook({ 'x-hub-signature': signature }, 'Hello World?'))).toThrow(/does not fit/);
  });

  it('is accepted with each of the secrets', () => {
    for (const secret of ['the one before it', SECRET]) {
      expect(() => verify({ 'x-hub-signature': `sha256=${sign('{}', secret)}` })).not.toThrow();
    }
    expect(() => verify({ 'x-hub-signature': `sha256=${sign('{}', 'somebody else, guessing')}` })).toThrow(
      /same secret/,
    );
  });

  it.each([
    ['upper-case hex', `sha256=${sign('{}', SECRET).toUpperCase()}`],
    ['SHA-1', `sha1=${createHmac('sha1', SECRET).update('{}').digest('hex')}`],
    ['no prefix', sign('{}', SECRET)],
    ['half of it', `sha256=${sign('{}', SECRET).slice(0, 32)}`],
    ['two in one header', `sha256=${sign('{}', SECRET)}, sha256=${sign('{}', SECRET)}`],
  ])('is refused with %s', (_, signature) => {
    expect(() => verify({ 'x-hub-signature': signature })).toThrow(
      expect.objectContaining({
        name: 'WebhookRejected',
        code: 'bad_signature',
        message: expect.stringContaining('64 lower-case hex digits'),
      }),
    );
  });

  it('is looked at before the body has come', () => {
    const head = (headers: Record<string, string>) => () => source.verifyHeaders?.(webhook(headers, ''));
    expect(head({ 'x-hub-signature': `sha256=${'0'.repeat(64)}` })()).toBe('needs_body');
    expect(head({ 'x-hub-signature': 'sha1=0' })).toThrow(/64 lower-case hex digits/);
    expect(head({})).toThrow(/X-Hub-Signature is missing/);
  });

  it('has advice if it is missing', () => {
    expect(() => verify({ 'x-event-key': 'repo:push' })).toThrow(/X-Hub-Signature is missing: give the webhook/);
  });
});

describe('the connection test of Data Center', () => {
  const ping = { 'x-event-key': 'diagnostics:ping' };

  it('is recognised by its header and creates nothing, signed or not', () => {
    expect(source.isUnsignedTest?.(webhook(ping, '{"test":true}'))).toBe(true);
    expect(() => source.verify(webhook(ping, '{"test":true}'))).toThrow(/X-Hub-Signature is missing/);
    const signed = { ...ping, 'x-hub-signature': `sha256=${'0'.repeat(64)}` };
    expect(source.isUnsignedTest?.(webhook(signed, '{"test":true}'))).toBe(false);
    expect(source.map({ test: true }, webhook(ping))).toEqual({ kind: 'ignored', reason: 'ping' });
  });

  it('never becomes a deployment, whatever it contains', () => {
    for (const body of [step(), rest(), dataCenter(), { deployment: rest() }, [], 'text', null]) {
      expect(source.map(body, webhook(ping))).toEqual({ kind: 'ignored', reason: 'ping' });
    }
  });

  it('is not recognised by the body alone, or by a part of the header', () => {
    const body = '{"eventKey":"diagnostics:ping","test":true}';
    expect(() => source.verify(webhook({}, body))).toThrow(/missing/);
    expect(() => source.verify(webhook({ 'x-event-key': 'diagnostics:ping, repo:push' }, body))).toThrow(/missing/);
    expect(map(JSON.parse(body))).toMatchObject({ reason: 'not_a_deployment' });
  });
});

describe('the result of each webhook', () => {
  it.each([
    'step-succeeded',
    'step-started',
    'step-failed-tag-rerun',
    'rest-succeeded',
    'rest-stopped-uuid-only',
    'dc-succeeded',
    'dc-rolled-back-request',
  ])('%s', async (name) => {
    await expect(`${JSON.stringify(record(input(name)), null, 2)}\n`).toMatchFileSnapshot(`${name}.expected.json`);
  });

  it.each([
    ['repo:commit_status_created', { commit_status: { state: 'INPROGRESS', refname: 'main' } }, 'needs_lookup'],
    [
      'repo:commit_status_updated',
      { commit_status: { state: 'SUCCESSFUL', name: 'deploy production' } },
      'needs_lookup',
    ],
    ['pipeline:span_created', { resourceSpans: [] }, 'needs_lookup'],
    ['repo:push', { push: { changes: [] } }, 'not_a_deployment'],
    ['pullrequest:fulfilled', { pullrequest: { id: 4 } }, 'not_a_deployment'],
    ['something:new', {}, 'not_a_deployment'],
    [undefined, { eventKey: 'repo:refs_changed' }, 'not_a_deployment'],
    [undefined, { eventType: 'avi:bitbucket:created:build-status', state: 'SUCCESSFUL' }, 'not_a_deployment'],
    [undefined, { hello: 'harbor' }, 'unmapped'],
    [undefined, {}, 'unmapped'],
    [undefined, { deployment: 'production' }, 'unmapped'],
  ])('%s %j is ignored: %s %s', (eventKey, body, reason) => {
    expect(map(body, eventKey)).toMatchObject({ kind: 'ignored', reason });
  });

  it('names an event without a deployment', () => {
    expect(map({}, 'repo:fork')).toMatchObject({ detail: expect.stringContaining('repo:fork') });
  });

  it.each([[[]], ['text'], [7], [null]])('%j is refused, as it is not an object', (body) => {
    expect(() => map(body)).toThrow(expect.objectContaining({ code: 'bad_payload' }));
  });
});

describe('the post of a step', () => {
  it('is found at the top, under variables and under env', () => {
    const ids = [step(), { variables: step() }, { env: step(), commit_message: 'beside it' }].map(
      (body) => record(body).id,
    );
    expect(new Set(ids).size).toBe(1);
    expect(record({ env: step({ commit_message: null }), commit_message: 'beside it' }).commit?.title).toBe(
      'beside it',
    );
  });

  it.each([
    ['0', 'succeeded'],
    [0, 'succeeded'],
    ['1', 'failed'],
    [127, 'failed'],
    [null, 'running'],
    ['', 'running'],
    ['$BITBUCKET_EXIT_CODE', 'running'],
  ])('with exit code %j is %s', (code, state) => {
    expect(record(step({ BITBUCKET_EXIT_CODE: code })).state).toBe(state);
  });

  it('with an exit code that is no number is ignored', () => {
    expect(map(step({ BITBUCKET_EXIT_CODE: 'fine' }))).toMatchObject({ reason: 'unknown_status' });
  });

  it('without deployment: is ignored, and without a commit refused', () => {
    expect(map(step({ BITBUCKET_DEPLOYMENT_ENVIRONMENT: '' }))).toEqual({
      kind: 'ignored',
      reason: 'no_environment',
      detail: expect.stringContaining('the step has no `deployment:`'),
    });
    for (const commit of ['', undefined, 'HEAD', {}]) {
      expect(() => map(step({ BITBUCKET_COMMIT: commit }))).toThrow(/BITBUCKET_COMMIT/);
    }
  });

  it('has a note instead of a short sha', () => {
    const short = record(step({ BITBUCKET_COMMIT: SHA.slice(0, 12) }));
    expect(short.commit?.sha).toBeUndefined();
    expect(short.notes.join()).toContain(SHA.slice(0, 12));
  });

  it('never contains a token', () => {
    const text = JSON.stringify(record(input('step-failed-tag-rerun')));
    expect(text).not.toContain('look-alike');
    expect(text).not.toContain('OIDC');
  });

  it('marks a UUID as a UUID', () => {
    const unnamed = record(step({ commit_author: null }));
    expect(unnamed.actor).toBe('{c1a2b3d4-0000-4aaa-8bbb-1234567890ab}');
    expect(unnamed.notes.join()).toContain('uuid');
  });

  it('of start and end is one deployment, and another run is another one', () => {
    const [started, ended] = [record(input('step-started')), record(step())];
    expect(started.deployment).toBe('bitbucket:step:7e5a3c90-1b2d-4f6a-8c9e-0d1f2a3b4c5d:run:1');
    expect(ended.deployment).toBe(started.deployment);
    expect(ended.id).not.toBe(started.id);
    expect(record(step({ BITBUCKET_STEP_RUN_NUMBER: '2' })).deployment).not.toBe(ended.deployment);
  });

  it('without a step uuid is identified by repository, pipeline, environment and run', () => {
    const key = (changes: Record<string, unknown>) => record(step({ BITBUCKET_STEP_UUID: '', ...changes })).deployment;
    expect(key({})).toBe(
      'bitbucket:5d2f9b70-9c1e-4f7b-b6f3-6a2e8d1c0b9a:0b7d6c1e-52aa-4c0e-9a31-77d2f0a4c901:production:run:1',
    );
    expect(key({ BITBUCKET_REPO_UUID: null, BITBUCKET_PIPELINE_UUID: null })).toBe(
      'bitbucket:harbor/lighthouse-api:214:production:run:1',
    );
  });

  it('of the steps of one stage has the stage in common, also with an object of the whole', () => {
    const [one, other] = [record(step()), record(step({ BITBUCKET_STEP_UUID: '{another}' }))];
    expect(other.deployment).not.toBe(one.deployment);
    expect(other.stage).toEqual({ of: one.stage?.of, part: 'another' });
    expect(record(step({ BITBUCKET_DEPLOYMENT_ENVIRONMENT: 'other' })).stage?.of).not.toBe(one.stage?.of);
    const { step: _, key: __, ...whole } = rest();
    expect(record(whole).stage).toEqual({ of: one.stage?.of });
  });

  it('is running as a whole while more steps follow', () => {
    const more = { SHIPLOG_MORE_STEPS: '1' };
    const { of } = record(step()).stage ?? {};
    expect(record(step(more))).toMatchObject({ state: 'running', stage: { of, by: expect.any(String) } });
    expect(record(step(more)).stage).not.toHaveProperty('part');
    expect(record(step({ ...more, BITBUCKET_EXIT_CODE: '1' }))).toMatchObject({
      state: 'failed',
      stage: { of, part: expect.any(String) },
    });
  });

  it('has the same id in a later repeat', () => {
    const again = source.map(step(), webhook({}, '{}', '2026-03-02T16:09:00.000Z'));
    expect(again).toMatchObject({ records: [{ id: record(step()).id }] });
  });
});

describe('the REST object of Cloud', () => {
  it('and the post of its step are one deployment', () => {
    const records = [record(step()), record(rest()), record(input('step-started'))];
    expect(new Set(records.map((told) => told.deployment)).size).toBe(1);
    const deployment = fold(records[0]?.deployment ?? '', records);
    expect(deployment).toMatchObject({
      state: 'succeeded',
      occurredAt: '2026-03-02T16:00:12.307Z',
      environment: { name: 'production', tier: 'production' },
      pullRequest: { number: '58' },
      ref: 'main',
    });
  });

  it.each([
    [{ name: 'IN_PROGRESS' }, 'running'],
    [{ name: 'COMPLETED', status: { name: 'SUCCESSFUL' } }, 'succeeded'],
    [{ name: 'COMPLETED', status: { name: 'FAILED' } }, 'failed'],
    [{ name: 'COMPLETED', status: { name: 'ERROR' } }, 'failed'],
    [{ name: 'COMPLETED', status: { name: 'EXPIRED' } }, 'failed'],
    [{ name: 'COMPLETED', status: { name: 'STOPPED' } }, 'canceled'],
  ])('%j is %s', (state, expected) => {
    expect(record(rest({ state })).state).toBe(expected);
  });

  it.each([
    [{ name: 'UNDEPLOYED' }, 'not_started'],
    [{ name: 'COMPLETED' }, 'unknown_status'],
    [{ name: 'COMPLETED', status: { type: 'deployment_state_completed_successful' } }, 'unknown_status'],
    [{ name: 'COMPLETED', status: { name: 'constructor' } }, 'unknown_status'],
    [{ name: 'DREAMING' }, 'unknown_status'],
  ])('%j is ignored: %s', (state, reason) => {
    expect(map(rest({ state }))).toMatchObject({ kind: 'ignored', reason });
  });

  it('is known by its parts, whatever its type is called, and is read in a page of a list', () => {
    const deployment = rest({ type: 'pipelines_deployment' });
    expect(record(deployment).deployment).toBe(record(rest()).deployment);
    const opened = openingEnvelopes(source).map({ pagelen: 10, size: 1, page: 1, values: [rest()] }, webhook());
    expect(opened).toMatchObject({ kind: 'records', records: [{ deployment: record(rest()).deployment }] });
  });

  it('is read where a script writes names in the place of objects', () => {
    const written = { deployment: { environment: 'Staging EU', state: 'FAILED', commit: SHA } };
    expect(record(written)).toMatchObject({
      state: 'failed',
      environment: { name: 'staging-eu' },
      commit: { sha: SHA },
    });
    expect(map({ deployment: { ...written.deployment, state: 'Done' } })).toMatchObject({ reason: 'unknown_status' });
  });

  it('is accepted bare, wrapped, and in a possible future deployment event', () => {
    const { type: _, ...untyped } = rest();
    const told = [record(rest()), record({ deployment: rest() }), record(untyped, 'deployment:completed')];
    expect(new Set(told.map((one) => one.id)).size).toBe(1);
    expect(record(untyped, 'repo:deployment_updated').id).toBe(told[0]?.id);
  });

  it.each([
    ['commit.hash', { commit: null, release: null }],
    ['environment', { environment: null }],
    ['environment', { environment: {} }],
    ['state.name', { state: ['COMPLETED'] }],
  ])('without %s is refused, and the message names it', (field, changes) => {
    expect(() => map(rest(changes))).toThrow(expect.objectContaining({ code: 'bad_payload' }));
    expect(() => map(rest(changes))).toThrow(field);
  });

  it('names the environment by slug, else by the name as a slug, else "unknown" and never production', () => {
    const name = (environment: unknown) => record(rest({ environment })).environment.name;
    expect(name({ slug: 'production-eu', name: 'Production (EU)' })).toBe('production-eu');
    expect(name({ name: ' Production EU ' })).toBe('production-eu');
    expect(name({ uuid: '{e0e1e2e3-1111-4222-8333-444455556666}' })).toBe('unknown');
  });

  it('is recorded in spite of one field of another type', () => {
    const odd = record(
      rest({ version: { a: 1 }, last_update_time: 'yesterday', deployable: 'x', step: [], uuid: 5, key: 7 }),
    );
    expect(odd).toMatchObject({ state: 'succeeded', deployment: 'bitbucket:deployment:5' });
  });

  it('has no link that contains a password or is not a web page', () => {
    const release = (url: string) =>
      record(rest({ release: { url }, state: { name: 'IN_PROGRESS' }, commit: { hash: SHA } }));
    expect(release('https://mira:hunter2@bitbucket.org/x').pipelineUrl).toBe('https://bitbucket.org/x');
    expect(release('javascript:alert(1)').pipelineUrl).toBeUndefined();
  });
});

describe('the webhook of a workspace', () => {
  it('reports all its repositories with one secret, each as its own service', () => {
    const of = (repository: string, uuid: string) =>
      record(step({ BITBUCKET_REPO_FULL_NAME: `harbor/${repository}`, BITBUCKET_STEP_UUID: uuid }));
    const told = [
      of('lighthouse-api', '{7e5a3c90-1b2d-4f6a-8c9e-0d1f2a3b4c51}'),
      of('pier-web', '{7e5a3c90-1b2d-4f6a-8c9e-0d1f2a3b4c52}'),
    ];
    expect(told.map(({ service }) => service)).toEqual(['lighthouse-api', 'pier-web']);
    expect(new Set(told.map(({ deployment }) => deployment)).size).toBe(2);
    const own = { ...step(), BITBUCKET_STEP_UUID: '', BITBUCKET_PIPELINE_UUID: '', BITBUCKET_REPO_UUID: '' };
    const keys = ['lighthouse-api', 'pier-web'].map(
      (slug) => record({ ...own, BITBUCKET_REPO_FULL_NAME: `harbor/${slug}` }).deployment,
    );
    expect(new Set(keys).size).toBe(2);
  });
});

describe('the REST object of Data Center', () => {
  it.each([
    ['PENDING', 'pending'],
    ['IN_PROGRESS', 'running'],
    ['SUCCESSFUL', 'succeeded'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'canceled'],
  ])('%s is %s', (state, expected) => {
    expect(record(dataCenter({ state }))).toMatchObject({
      state: expected,
      changeType: 'deployment',
      deployment: 'bitbucket:dc:HARBOR/lighthouse-api:test-west:LIGHT-DEPLOY:31',
    });
  });

  it('rolled back is a change of its own, so that it is delivered after the success', () => {
    const undone = record(dataCenter({ state: 'ROLLED_BACK' }));
    expect(undone).toMatchObject({ state: 'succeeded', changeType: 'rollback' });
    expect(undone.deployment).not.toBe(record(dataCenter()).deployment);
  });

  it('never sends the rolled-back commit to GitLab as the current one', () => {
    const undone = record(dataCenter({ state: 'ROLLED_BACK' }));
    expect(undone.commit).toBeUndefined();
    expect(undone.pullRequest).toBeUndefined();
    expect(undone.actor).toBeUndefined();
    expect(undone.notes.join()).toContain(`rolled back was commit ${SHA}`);
    expect(record(dataCenter()).commit?.sha).toBe(SHA);
  });

  it('has times in milliseconds up to 9 and in ISO 8601 from 10 on, with the same result', () => {
    const nine = record(dataCenter());
    const ten = record(
      dataCenter({
        lastUpdated: '2026-03-02T17:00:12+0100',
        toCommit: { id: SHA, committerTimestamp: '2026-03-02T15:00:00Z' },
      }),
    );
    expect(ten.id).toBe(nine.id);
    expect(ten.occurredAt).toBe('2026-03-02T16:00:12.000Z');
    expect(ten.commit?.committedAt).toBe(nine.commit?.committedAt);
  });

  it('is ignored in state UNKNOWN, and refused without what it needs', () => {
    expect(map(dataCenter({ state: 'UNKNOWN' }))).toMatchObject({ reason: 'unknown_status' });
    expect(() => map(dataCenter({ toCommit: null }))).toThrow(/toCommit\.id/);
    expect(() => map(dataCenter({ environment: { type: 'TESTING' } }))).toThrow(/environment\.key/);
  });
});

describe('the sample', () => {
  it('is accepted, and is a new deployment every time', () => {
    const keys = ['2026-03-02T16:00:00Z', '2026-03-02T16:00:01Z'].map((at) => {
      const { headers, body, path } = source.sample(new Date(at));
      expect(path).toBe('/webhooks/bitbucket');
      const known = bitbucket.parse({ type: 'bitbucket', secrets: ['the one before it'] });
      expect(() => known.verify(webhook({ ...headers }, body))).not.toThrow();
      const told = record(JSON.parse(body));
      expect(told).toMatchObject({ state: 'succeeded', commit: { sha: expect.stringMatching(/^[0-9a-f]{40}$/) } });
      return told.deployment;
    });
    expect(new Set(keys).size).toBe(2);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { fold } from '../../../src/domain/fold.ts';
import { ctoai } from '../../../src/sources/ctoai/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

const TOKEN = 'ctoai-token-of-24-letters';
const source = ctoai.parse({ type: 'ctoai', secrets: [TOKEN] });
const SHA = '7c1b0e94a8d2f36b5e0917c4ab83d2f1e6509ac7';

function post(over: Partial<Webhook> = {}): Webhook {
  return {
    id: 'w',
    method: 'POST',
    path: '/webhooks/ctoai',
    headers: { authorization: `Bearer ${TOKEN}`, 'x-ops-mechanism': 'gitlab-job' },
    body: Buffer.alloc(0),
    receivedAt: new Date('2026-03-19T14:30:00.000Z'),
    ...over,
  };
}

const EVENT = {
  repo: 'harbor/lighthouse-api',
  branch: 'main',
  commit: SHA,
  image: 'null',
  environment: 'production',
  event_name: 'deployment',
  event_action: 'success',
  team_id: '5e2c77aa-0000-4000-8000-000000000000',
  meta: { user: 'mira' },
};

function recordOf(mapped: Mapped): NewChangeRecord {
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error(`there is no record: ${JSON.stringify(mapped)}`);
  return mapped.records[0];
}
const map = (over: Record<string, unknown> = {}, webhook: Partial<Webhook> = {}) =>
  recordOf(source.map({ ...EVENT, ...over }, post(webhook)));

describe('the events that the clients of CTO.ai send', () => {
  const here = new URL('.', import.meta.url);
  const files = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
  it.each(files)('%s becomes its expected result', async (file) => {
    const mapped = source.map(JSON.parse(readFileSync(new URL(file, here), 'utf8')), post());
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(file.replace('.json', '.expected.json'));
  });
});

describe('an event without an environment', () => {
  it.each([undefined, null, '', 'null', '$CI_ENVIRONMENT_NAME'])('has an unknown environment: %j', (environment) => {
    const record = map({ environment });
    expect(record.environment.name).toBe('unknown');
    expect(record.notes).toContain('environment has no value: it stays unknown');
  });
});

describe('an image', () => {
  it.each(['null', '', null])('is absent if the client sends %j', (image) => {
    expect(map({ image }).artifacts).toEqual([]);
  });
  it('is an artifact', () => {
    expect(map({ image: 'registry.harbor.example/lighthouse-api:3' }).artifacts).toEqual([
      'registry.harbor.example/lighthouse-api:3',
    ]);
  });
});

describe('which events are one deployment', () => {
  it('a start and its end', () => {
    const records = [map({ event_action: 'started' }), map()].map((record) => ChangeRecord.parse(record));
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(1);
    expect(fold('k', records).state).toBe('succeeded');
  });

  it('not another environment, repository, commit or team', () => {
    const keys = [
      {},
      { environment: 'staging' },
      { repo: 'harbor/tide-table' },
      { commit: SHA.replace('7', '8') },
      { team_id: 'other' },
    ].map((over) => map(over).deployment);
    expect(new Set(keys).size).toBe(5);
  });

  it('not two runs of one commit, if the address names the run', () => {
    const at = (run: string) => map({}, { path: `/webhooks/ctoai/${run}` });
    expect(at('4711').deployment).toBe(at('4711').deployment);
    expect(at('4711').deployment).not.toBe(at('4712').deployment);
    expect(at('4711').tags).toContain('run:4711');
  });

  it('not by an unexpanded variable of the run', () => {
    expect(map({}, { path: '/webhooks/ctoai/$CI_PIPELINE_ID' }).deployment).toBe(map().deployment);
    expect(map({}, { path: '/webhooks/ctoai/%24CI_PIPELINE_ID' }).deployment).toBe(map().deployment);
  });
});

describe('the statuses of CTO.ai', () => {
  it.each([
    ['success', 'succeeded'],
    ['Success', 'succeeded'],
    ['failure', 'failed'],
    ['started', 'running'],
    ['progressing', 'running'],
    ['blocked', 'pending'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['initiated', 'running'],
  ])('%s is %s', (event_action, state) => {
    expect(map({ event_action }).state).toBe(state);
  });

  it.each(['recovered', 'constructor', 'toString'])('%s is ignored, with the list of known ones', (event_action) => {
    expect(source.map({ ...EVENT, event_action }, post())).toMatchObject({
      kind: 'ignored',
      reason: 'unknown_status',
      detail: expect.stringContaining('success, failure'),
    });
  });

  it('ignores change events, and refuses what is no event', () => {
    expect(source.map({ ...EVENT, event_name: 'change' }, post())).toMatchObject({ reason: 'not_a_deployment' });
    expect(() => source.map({ hello: 1 }, post())).toThrow(/event_name is required/);
  });

  it.each([['repo'], ['commit'], ['event_action']])('refuses a deployment without %s', (field) => {
    expect(() => map({ [field]: '' })).toThrow(WebhookRejected);
    expect(() => map({ [field]: '' })).toThrow(field);
  });

  it('accepts an event without a commit if the address names the run', () => {
    expect(map({ commit: '' }, { path: '/webhooks/ctoai/4711' }).commit).toBeUndefined();
  });
});

describe('the sender', () => {
  it.each([[undefined], ['Bearer '], ['Bearer another-token-of-24-letters'], [`Basic ${TOKEN}`]])(
    'is refused with %s',
    (authorization) => {
      expect(() => source.verify(post({ headers: { authorization } }))).toThrow(
        expect.objectContaining({ code: 'bad_signature' }),
      );
    },
  );
});

import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { fold } from '../../../src/domain/fold.ts';
import { read, serve } from '../../../src/receive.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Served } from '../../../src/sources/outcome.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import { NO_ROWS } from '../../../src/sources/rows.ts';
import type { Source } from '../../../src/sources/source.ts';
import { webhook } from '../../../src/sources/webhook/index.ts';
import { presetNames } from '../../../src/sources/webhook/presets/index.ts';

const SECRET = 'a-secret-of-24-characters';
const here = new URL('.', import.meta.url);
const FILES = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));

/** What some presets cannot know. */
const NEEDED: Readonly<Record<string, unknown>> = {
  'github-workflow': { fields: { environment: { path: 'workflow_run.name', map: { Deploy: 'production' } } } },
};

const sourceOf = (preset: string): Source =>
  webhook.parse({ type: 'webhook', preset, secrets: [SECRET], ...(NEEDED[preset] ?? {}) });

function toWebhook(headers: Readonly<Record<string, string>>): Webhook {
  const receivedAt = new Date('2026-03-20T10:00:00.000Z');
  return { id: 'w', method: 'POST', path: '/webhooks/x', headers, body: Buffer.alloc(0), receivedAt };
}

function mapFile(file: string): Mapped | { kind: 'rejected'; message: string } {
  const { headers, body } = JSON.parse(readFileSync(new URL(file, here), 'utf8'));
  try {
    return sourceOf(file.split('.')[0] ?? '').map(body, toWebhook(headers));
  } catch (error) {
    if (!(error instanceof WebhookRejected)) throw error;
    return { kind: 'rejected', message: error.message };
  }
}

function recordsOf(files: readonly string[]): ChangeRecord[] {
  return files.flatMap((file) => {
    const mapped = mapFile(file);
    return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
  });
}

describe('what a tool sends', () => {
  it.each(FILES)('%s becomes its expected result', async (file) => {
    const mapped = mapFile(file);
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(file.replace(/json$/, 'expected.json'));
  });

  it('is tested for every preset', () => {
    expect([...new Set(FILES.map((file) => file.split('.')[0]))].sort()).toEqual([...presetNames].sort());
  });
});

const COMPLETED = 'ms.vss-release.deployment-completed-event';

/** The body with the fields of `over`, at any depth. */
function laidOver(body: Record<string, unknown>, over: object): Record<string, unknown> {
  const changed = Object.entries(over).map(([name, value]) => {
    const before = body[name];
    const isPart = typeof value === 'object' && typeof before === 'object' && before !== null;
    return [name, isPart ? laidOver({ ...before }, value) : value];
  });
  return { ...body, ...Object.fromEntries(changed) };
}

function recordFrom(file: string, over: object): ChangeRecord {
  const { headers, body } = JSON.parse(readFileSync(new URL(file, here), 'utf8'));
  const mapped = sourceOf(file.split('.')[0] ?? '').map(laidOver(body, over), toWebhook(headers));
  if (mapped.kind !== 'records') throw new Error(`ignored: ${mapped.detail}`);
  return ChangeRecord.parse(mapped.records[0]);
}

describe('the signals of one deployment', () => {
  it.each([
    ['github', ['deployment-created', 'status-in-progress', 'status-success']],
    ['azure-devops', ['started', 'succeeded']],
    ['jenkins', ['started', 'cloudevents-completed', 'finalized-success']],
    ['spinnaker', ['starting', 'succeeded']],
    ['kargo', ['running', 'succeeded']],
    ['octopus', ['started', 'succeeded']],
    ['vercel', ['created', 'succeeded']],
    ['github-workflow', ['in-progress', 'success']],
  ])('of %s are one deployment in any order, which succeeded', (preset, cases) => {
    const files = cases.map((name) => `${preset}.${name}.json`);
    const records = recordsOf(files);
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(1);
    const inOrder = fold('k', records);
    expect(inOrder).toMatchObject({
      state: 'succeeded',
      environment: { name: expect.stringMatching(/^production$/i) },
    });
    expect(fold('k', [...records.toReversed(), ...records])).toEqual(inOrder);
  });

  it.each([
    ['github-workflow', 'in-progress', { workflow_run: { status: 'completed', conclusion: 'skipped' } }],
    ['github-workflow', 'in-progress', { workflow_run: { status: 'completed', conclusion: 'stale' } }],
    ['jenkins', 'started', { build: { phase: 'FINALIZED', status: 'NOT_BUILT' } }],
    ['azure-devops', 'started', { eventType: COMPLETED, resource: { environment: { status: 'notStarted' } } }],
    ['azure-devops', 'started', { eventType: COMPLETED, resource: { environment: { status: 'queued' } } }],
  ])('of %s end with what the tool did not carry out: %s, %j', (preset, start, end) => {
    const { headers, body } = JSON.parse(readFileSync(new URL(`${preset}.${start}.json`, here), 'utf8'));
    const skipped = laidOver(body, end);
    const records = [body, skipped].flatMap((sent) => {
      const mapped = sourceOf(preset).map(sent, toWebhook(headers));
      return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
    });
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(1);
    expect(fold('k', records).state).toBe('canceled');
  });

  it.each([
    ['job/deploy-ledger/', 'deploy-ledger', 'deploy-ledger'],
    ['job/harbor/job/ledger/job/main/', 'main', 'ledger'],
    ['job/harbor/job/ledger/job/feature%252Fsails/', 'feature%2Fsails', 'ledger'],
    ['job/harbor/job/ledger/job/v1.12.0/', 'v1.12.0', 'ledger'],
    ['job/harbor/job/ledger/job/PR-12', 'PR-12', 'ledger'],
    ['job/harbor/job/ledger/job/deploy/', 'deploy', 'deploy'],
    ['job/main/', 'main', 'main'],
  ])('of a build of Jenkins at %s, called %s, are of the service %s', (url, name, service) => {
    expect(recordFrom('jenkins.finalized-success.json', { url, name }).service).toBe(service);
  });

  it('of Jenkins have the time of their phase: a start, or an end', () => {
    const at = (phase: string) => recordFrom('jenkins.finalized-success.json', { build: { phase } });
    const time = '2026-03-19T14:30:05.000Z';
    expect(at('STARTED')).toMatchObject({ state: 'running', startedAt: time });
    for (const phase of ['COMPLETED', 'FINALIZED']) {
      expect(at(phase)).toMatchObject({ state: 'succeeded', finishedAt: time, occurredAt: time });
      expect(at(phase)).not.toHaveProperty('startedAt');
    }
  });

  it('of a Jenkins that does not know its own address are known by the path of the build', () => {
    const build = { full_url: undefined };
    expect(recordFrom('jenkins.finalized-success.json', { build })).toMatchObject({
      deployment: 'webhook:jenkins:job/deploy-ledger/18/',
    });
  });

  it('of Jenkins say nothing before the build has a result', () => {
    const { body } = JSON.parse(readFileSync(new URL('jenkins.finalized-success.json', here), 'utf8'));
    const told = sourceOf('jenkins').map(laidOver(body, { build: { status: undefined } }), toWebhook({}));
    expect(told).toMatchObject({ kind: 'ignored', detail: expect.stringContaining('no result yet') });
  });

  it('of GitHub name who ran a workflow again', () => {
    const workflow_run = { actor: { login: 'mira' }, triggering_actor: { login: 'jonas' } };
    expect(recordFrom('github.status-success.json', { workflow_run }).actor).toBe('jonas');
  });

  it('of Azure DevOps have no note about the end while they run', () => {
    const unset = { resource: { deployment: { completedOn: '0001-01-01T00:00:00' } } };
    expect(recordFrom('azure-devops.started.json', unset).notes).toEqual(
      recordFrom('azure-devops.started.json', {}).notes,
    );
  });

  it('of GitHub are the same as a form, its default, signed as it came', async () => {
    const source = sourceOf('github');
    const { headers, body } = JSON.parse(readFileSync(new URL('github.status-success.json', here), 'utf8'));
    const form = Buffer.from(`payload=${encodeURIComponent(JSON.stringify(body))}`);
    const signature = `sha256=${createHmac('sha256', SECRET).update(form).digest('hex')}`;
    const sent = { ...toWebhook({ ...headers, 'x-hub-signature-256': signature }), body: form };
    source.verify(sent);
    const { kind, webhook: taken } = (await serve(source, sent, NO_ROWS)) as Extract<Served, { kind: 'webhook' }>;
    expect(kind).toBe('webhook');
    expect(read(source, taken).mapped).toEqual(mapFile('github.status-success.json'));
  });

  it('of a promoted preview are a different deployment from the preview', () => {
    const [preview, promoted] = recordsOf(['vercel.preview-of-gitlab.json', 'vercel.promoted.json']);
    expect(preview?.deployment).not.toBe(promoted?.deployment);
    expect([preview?.environment.name, promoted?.environment.name]).toEqual(['preview', 'production']);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { WebhookRejected } from '../../../src/domain/errors.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
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

  it('of a promoted preview are a different deployment from the preview', () => {
    const [preview, promoted] = recordsOf(['vercel.preview-of-gitlab.json', 'vercel.promoted.json']);
    expect(preview?.deployment).not.toBe(promoted?.deployment);
    expect([preview?.environment.name, promoted?.environment.name]).toEqual(['preview', 'production']);
  });
});

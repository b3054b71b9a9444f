import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { body, createSource, createWebhook } from './support.ts';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'))
  .map((file) => file.replace(/\.json$/, ''));

const PROJECT = '/webhooks/argocd/projects/harbor%2Flighthouse-api';

function pathOf(name: string): string {
  if (name.startsWith('drop-in')) return `${PROJECT}/deployments`;
  if (name.startsWith('commit-status')) return `${PROJECT}/statuses/b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f`;
  return '/webhooks/argocd';
}

describe('what Argo CD sends', () => {
  it.each(names)('%s becomes the expected record', async (name) => {
    const mapped = createSource().map(body(name), createWebhook({ path: pathOf(name) }));
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(`./${name}.expected.json`);
  });
});

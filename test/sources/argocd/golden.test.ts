import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { body, createSource, createWebhook } from './support.ts';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'))
  .map((file) => file.replace(/\.json$/, ''));

const pathOf = (name: string) =>
  name.startsWith('drop-in') ? '/webhooks/argocd/projects/harbor%2Flighthouse-api/deployments' : '/webhooks/argocd';

describe('what Argo CD sends', () => {
  it.each(names)('%s becomes the expected record', async (name) => {
    const mapped = createSource().map(body(name), createWebhook({ path: pathOf(name) }));
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(`./${name}.expected.json`);
  });
});

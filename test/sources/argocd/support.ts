import { readFileSync } from 'node:fs';
import { argocd } from '../../../src/sources/argocd/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import type { Source } from '../../../src/sources/source.ts';

export const TOKEN = 'harbor-master-of-the-lighthouse';

export const createSource = (config: object = {}): Source =>
  argocd.parse({ type: 'argocd', secrets: [TOKEN], gitlab_hosts: ['https://gitlab.harbor.example/'], ...config });

export function createWebhook(parts: Partial<Webhook> = {}): Webhook {
  return {
    id: 'w1',
    method: 'POST',
    path: '/webhooks/argocd',
    headers: {},
    body: Buffer.alloc(0),
    receivedAt: new Date('2026-05-04T10:05:00Z'),
    ...parts,
  };
}

/** A body of this folder, parsed anew each time so that tests may change it. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into any part of a body to break it
export const body = (name: string): any => JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8'));

export function recordOf(mapped: Mapped) {
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error(`no record: ${JSON.stringify(mapped)}`);
  return mapped.records[0];
}

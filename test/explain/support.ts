import { readFileSync } from 'node:fs';
import { Config } from '../../src/config/config.ts';
import type { Webhook } from '../../src/sources/received-webhook.ts';
import type { Source } from '../../src/sources/source.ts';

export const SECRET = 'a-secret-of-24-characters';
export const ALERT24_KEY = 'ak-mira-1234567890abcdef';
export const GITLAB_TOKEN = 'glpat-AbCdEfGhIjKlMnOpQrSt';

/** A whole configuration with both destinations. */
export const aConfig = (said: Record<string, unknown> = {}): Config =>
  Config.parse({
    admin_token: 'an-admin-token-for-tests',
    sources: ['gitlab', 'bitbucket', 'argocd', 'changes-api'].map((type) => ({ type, secrets: [SECRET] })),
    sinks: [
      { type: 'alert24', api_key: ALERT24_KEY },
      {
        type: 'gitlab-deployments',
        url: 'https://gitlab.harbor.example',
        token: GITLAB_TOKEN,
      },
    ],
    ...said,
  });

export function sourceOf(config: Config, type: string): Source {
  const source = config.sources.find((candidate) => candidate.type === type);
  if (!source) throw new Error(`no source ${type}`);
  return source;
}

export function aWebhook(body: unknown, said: Partial<Webhook> = {}): Webhook {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    id: 'f3a1c2d4-0000-4000-8000-00000000000a',
    method: 'POST',
    path: '/webhooks/test',
    headers: {},
    body: Buffer.from(text),
    receivedAt: new Date('2026-05-04T09:13:00Z'),
    ...said,
  };
}

/** A golden input of the sources' own tests. */
export const payload = (path: string): string => readFileSync(new URL(`../sources/${path}`, import.meta.url), 'utf8');

/** A deployment hook of GitLab, with some fields changed. */
export const gitlabHook = (said: Record<string, unknown> = {}) => ({
  ...JSON.parse(payload('gitlab/deployment-running.json')),
  status: 'success',
  ...said,
});

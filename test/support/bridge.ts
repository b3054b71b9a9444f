import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { startBridge } from '../../src/app/bridge.ts';
import { Config } from '../../src/config/config.ts';
import type { RedisAddress } from '../../src/queue/address.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { startTestRedis } from './redis.ts';

/** One secret for every source: tests about secrets make their own. */
export const SECRET = 'a-secret-of-24-characters';
export const ADMIN_TOKEN = 'an-admin-token-for-tests';

/** A whole bridge on a free port, with a Redis of its own, which it reaches as `addressOf` says. */
export async function startTestBridge(
  said: Record<string, unknown> = {},
  addressOf: (redis: Awaited<ReturnType<typeof startTestRedis>>) => RedisAddress | Promise<RedisAddress> = (redis) =>
    redis.address,
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-test-'));
  const redis = await startTestRedis();
  const configured = (over: Record<string, unknown>) =>
    Config.parse({
      port: 0,
      data_dir: dataDir,
      admin_token: ADMIN_TOKEN,
      sources: ['gitlab', 'bitbucket', 'argocd', 'changes-api'].map((type) => ({ type, secrets: [SECRET] })),
      ...said,
      ...over,
    });
  const config = configured({});
  const logged: Readonly<Record<string, unknown>>[] = [];
  const log = createLogger('info', { write: (line) => void logged.push(JSON.parse(line)) });
  const bridge = await startBridge(config, await addressOf(redis), log).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  const get = async (path: string) => {
    const answer = await fetch(`${bridge.url}${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  return {
    url: bridge.url,
    config,
    redis,
    /** Goes on with a configuration that differs in this. */
    reload: (over: Record<string, unknown>) => bridge.reload(configured(over)),
    /** Every line of the log, oldest first. */
    logged,
    get,
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      post(`${bridge.url}${path}`, body, headers),
    /** The change log, newest first. */
    async changes(query = '') {
      return (await get(`/api/v1/changes?limit=100${query}`)).body.data as {
        status: string;
        deployment: string;
        [field: string]: unknown;
      }[]; // our own API
    },
    /** Until every webhook that was accepted has been recorded and every delivery made or given up. */
    async settled() {
      await vi.waitFor(
        async () => {
          const { body } = await get('/api/inbox?limit=100');
          const open = body.data.filter((entry: { verdict: string }) => entry.verdict === 'accepted');
          const metrics = await (await fetch(`${bridge.url}/metrics`)).text();
          const jobs = [...metrics.matchAll(/^shiplog_queue_jobs\{.*\} (\d+)$/gm)].reduce(
            (sum, [, count]) => sum + Number(count),
            0,
          );
          if (open.length + jobs > 0) throw new Error(`${open.length} webhooks and ${jobs} jobs are under way`);
        },
        { timeout: 110_000, interval: 50 },
      );
    },
    async stop() {
      await bridge.stop();
      await redis.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
}

/** A GitLab deployment hook with invented contents, as GitLab 18 sends it. */
export function gitlabDeploymentHook(said: Record<string, unknown> = {}) {
  return {
    object_kind: 'deployment',
    status: 'success',
    status_changed_at: '2026-03-14 21:50:07 +0100',
    deployment_id: 501,
    deployable_id: 15_664_214_926,
    deployable_url: 'https://git.harbor.example/harbor/lighthouse-api/-/jobs/15664214926',
    environment: 'production',
    environment_tier: 'production',
    environment_external_url: 'https://lighthouse.harbor.example',
    project: {
      id: 77,
      name: 'lighthouse-api',
      web_url: 'https://git.harbor.example/harbor/lighthouse-api',
      path_with_namespace: 'harbor/lighthouse-api',
      default_branch: 'main',
    },
    short_sha: '4b825dc6',
    user: { id: 3, name: 'Mira Okafor', username: 'mira', email: '[REDACTED]' },
    commit_url: 'https://git.harbor.example/harbor/lighthouse-api/-/commit/4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    commit_title: 'Turn the lamp "slowly"',
    ref: 'main',
    ...said,
  };
}

/** A notification of Alertmanager, of an alert that began just now. */
export const anAlert = (said: Record<string, unknown> = {}, labels: Record<string, string> = {}) => ({
  version: '4',
  status: 'firing',
  receiver: 'shiplog',
  groupKey: '{}:{alertname="LampDark"}',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'LampDark', service: 'lighthouse-api', environment: 'production', ...labels },
      annotations: { summary: 'The lamp is dark' },
      startsAt: new Date(Date.now() + 60_000).toISOString(), // a clock that is ahead counts as now
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://prometheus.harbor.example/graph',
      fingerprint: '3b2c1d0e4f5a6978',
      ...said,
    },
  ],
});

export const gitlabHeaders = (event = 'Deployment Hook') => ({
  'x-gitlab-token': SECRET,
  'x-gitlab-event': event,
  'idempotency-key': randomUUID(),
});

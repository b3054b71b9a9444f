import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startBridge } from '../../src/app/bridge.ts';
import { shareSecrets } from '../../src/app/shared-secrets.ts';
import { Config } from '../../src/config/config.ts';
import { openSecrets, readSecrets } from '../../src/config/generated-secrets.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { startTestRedis } from '../support/redis.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const log = createLogger('silent', { write() {} });
const newDir = () => {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-replicas-'));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

async function startShared() {
  const redis = await startTestRedis();
  cleanups.push(redis.stop);
  const configOf = (said: Record<string, unknown>) =>
    Config.parse({
      port: 0,
      redis_url: redis.url,
      data_dir: newDir(),
      admin_token: ADMIN_TOKEN,
      sources: [{ type: 'gitlab', secrets: [SECRET] }],
      ...said,
    });
  const start = async (said: Record<string, unknown> = {}) => {
    const { url, stop } = await startBridge(configOf(said), undefined, log);
    cleanups.push(stop);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
    const ask = async (path: string, body?: unknown) => {
      const answer = await fetch(url + path, {
        headers,
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    };
    const send = async (job: number) => {
      const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: job, deployment_id: job }));
      return (await fetch(`${url}/webhooks/gitlab`, { method: 'POST', headers: gitlabHeaders(), body })).status;
    };
    return { url, stop, ask, send };
  };
  return { configOf, start };
}

async function alert24Sink() {
  const alert24 = await startFakeAlert24();
  cleanups.push(() => alert24.close());
  return { alert24, sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] };
}

describe('replicas that share a Redis', () => {
  it('leave the deliveries of a sink to the replicas that have it, and report how they differ', async () => {
    const { start } = await startShared();
    const { alert24, sinks } = await alert24Sink();
    const having = await start({ sinks });
    const lacking = await start();
    for (let job = 1; job <= 20; job++) expect(await [having, lacking][job % 2]?.send(job)).toBe(202);
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(20));
    expect(alert24.duplicates()).toEqual([]);
    await vi.waitFor(async () =>
      expect((await lacking.ask('/readyz')).body).toMatchObject({
        status: 'degraded',
        reasons: [expect.stringMatching(/has alert24, which this one lacks: give all replicas the same/)],
      }),
    );
    // The one that has it stops: what comes now waits for its return.
    await having.stop();
    expect(await lacking.send(21)).toBe(202);
    await vi.waitFor(async () => expect((await lacking.ask('/api/v1/changes?limit=1')).body.meta.total).toBe(21));
    await start({ sinks });
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(21));
  });

  it('may have different roles: one receives, another works', async () => {
    const { start } = await startShared();
    const { alert24, sinks } = await alert24Sink();
    const receiver = await start({ sinks, roles: 'receive' });
    expect(await receiver.send(1)).toBe(202);
    expect((await receiver.ask('/readyz')).body).toMatchObject({ status: 'ready' });
    const worker = await start({ sinks, roles: 'work' });
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(1));
    expect(await worker.send(2)).toBe(404);
    for (const path of ['/livez', '/readyz']) expect((await worker.ask(path)).status).toBe(200);
    expect((await fetch(`${worker.url}/metrics`)).status).toBe(200);
    expect((await receiver.ask('/api/v1/changes?limit=1')).body.meta.total).toBe(1);
  });

  it('say why nothing is delivered, whichever of them was told, and after a restart', async () => {
    const { start } = await startShared();
    const { alert24, sinks } = await alert24Sink();
    const slowDown = { kind: 'status', status: 429, headers: { 'retry-after': '1800' }, body: 'slow down' } as const;
    alert24.inject({ ...slowDown, times: 9 });
    const receiver = await start({ sinks, roles: 'receive' });
    const worker = await start({ sinks, roles: 'work' });
    await receiver.send(1);
    const waits = expect.stringMatching(/sink alert24 waits until .* 429/);
    const says = async ({ ask }: { readonly ask: typeof worker.ask }) =>
      expect((await ask('/readyz')).body.reasons).toEqual([waits]);
    await vi.waitFor(() => says(worker), 20_000);
    await vi.waitFor(() => says(receiver), 20_000);
    const { body } = await receiver.ask('/api/deployments/gitlab:git.harbor.example:77:job:1');
    expect(body.data.deliveries).toMatchObject([{ on_hold: { why: expect.stringContaining('429') } }]);
    await worker.stop();
    const next = await start({ sinks });
    await vi.waitFor(() => says(next), 20_000);
    const before = alert24.requests.length;
    await next.send(2);
    await vi.waitFor(async () => expect((await next.ask('/api/v1/changes?limit=1')).body.meta.total).toBe(2));
    expect(alert24.requests).toHaveLength(before);
  });

  it('deliver earlier changes to a sink that was added later, on request', async () => {
    const { start } = await startShared();
    const { alert24, sinks } = await alert24Sink();
    const before = await start();
    for (const job of [1, 2, 3]) expect(await before.send(job)).toBe(202);
    await vi.waitFor(async () => expect((await before.ask('/api/v1/changes?limit=1')).body.meta.total).toBe(3));
    await before.stop();
    const after = await start({ sinks });
    const order = { sink: 'alert24', since: '2026-01-01T00:00:00Z' };
    expect((await after.ask('/api/redeliver', { ...order, dry_run: true })).body.data).toEqual({
      looked: 3,
      queued: 3,
    });
    expect(alert24.changes).toHaveLength(0);
    await after.ask('/api/redeliver', order);
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(3));
    await after.ask('/api/redeliver', order);
    expect((await after.ask('/api/redeliver', { ...order, sink: 'nobody' })).status).toBe(404);
    await vi.waitFor(async () =>
      expect(await (await fetch(`${after.url}/metrics`)).text()).toMatch(
        /shiplog_queue_jobs\{queue="forward-alert24"\} 0/,
      ),
    );
    expect(alert24.duplicates()).toEqual([]);
  });

  it('share the generated secrets of the first', async () => {
    const { configOf } = await startShared();
    const [first, second] = [configOf({}), configOf({})];
    const secret = openSecrets(first.data_dir)('gitlab');
    expect(openSecrets(second.data_dir)('gitlab')).not.toBe(secret);
    expect(await shareSecrets(first, log)).toBe(false);
    expect(await shareSecrets(second, log)).toBe(true);
    expect(readSecrets(second.data_dir)).toEqual({ gitlab: secret });
    expect(await shareSecrets(second, log)).toBe(false);
  });
});

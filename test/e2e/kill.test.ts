import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';

const DEPLOYMENTS = 200;
const KILLS = 3;
const TOKEN = 'an-admin-token-for-tests';

describe('kill -9 under load', () => {
  it('loses no acknowledged webhook and delivers to no sink twice', async () => {
    const alert24 = await startFakeAlert24();
    const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-kill-'));
    const port = await freePort();
    const environment = {
      PORT: String(port),
      SHIPLOG_DATA_DIR: dataDir,
      SHIPLOG_GITLAB_SECRET: SECRET,
      SHIPLOG_ADMIN_TOKEN: TOKEN,
      ALERT24_URL: alert24.url,
      ALERT24_API_KEY: ALERT24_KEY,
    };
    let bridge = await startBridgeProcess(environment);
    onTestFinished(async () => {
      await bridge.exited('SIGTERM');
      await alert24.close();
      rmSync(dataDir, { recursive: true, force: true });
    });
    const acknowledged = new Set<number>();
    const send = async (job: number): Promise<void> => {
      const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: job, deployment_id: job }));
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks/gitlab`, {
        method: 'POST',
        headers: { 'x-gitlab-token': SECRET },
        body,
      }).catch(() => undefined);
      if (answer?.status === 202) acknowledged.add(job);
      else await wait(20); // GitLab would not come again: this one is simply not counted
    };
    let next = 1;
    let kills = 0;
    const lane = async () => {
      while (kills < KILLS || acknowledged.size < DEPLOYMENTS) await send(next++);
    };
    const load = Promise.all(Array.from({ length: 8 }, lane));
    for (; kills < KILLS; kills++) {
      const enough = acknowledged.size + DEPLOYMENTS / (KILLS + 1);
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(enough), { timeout: 20_000, interval: 5 });
      await bridge.exited('SIGKILL');
      bridge = await startBridgeProcess(environment);
    }
    await load;

    const keyOf = (job: number) => `gitlab:git.harbor.example:77:job:${job}`;
    const recorded = async (job: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/deployments/${encodeURIComponent(keyOf(job))}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return answer.ok && ((await answer.json()) as { data: { change: { status: string } } }).data.change.status; // our own API
    };
    const untold = () => {
      const told = new Set(alert24.changes.map((change) => change.external_id));
      return [...acknowledged].filter((job) => !told.has(`${keyOf(job)}:succeeded`));
    };
    await vi.waitFor(() => expect(untold()).toEqual([]), { timeout: 60_000, interval: 100 });
    for (const job of acknowledged) expect(await recorded(job)).toBe('succeeded');
    expect(alert24.duplicates()).toEqual([]);
    const dead = await fetch(`http://127.0.0.1:${port}/api/dead-letters`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(((await dead.json()) as { data: unknown[] }).data).toEqual([]); // being killed is no fault of a webhook
    await bridge.exited('SIGTERM');
    expect(bridge.child.exitCode).toBe(0);
    expect(bridge.output()).not.toContain(SECRET);
  });
});

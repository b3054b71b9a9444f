import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';

const TOKEN = 'an-admin-token-for-tests';

const configuration = (port: number, dataDir: string, testing: object | undefined) => ({
  port,
  data_dir: dataDir,
  admin_token: TOKEN,
  sources: [{ type: 'gitlab', secrets: [SECRET] }],
  ...(testing && { testing }),
});

it.each(['hang', 'kill'] as const)(
  'quarantines a webhook that makes the process %s twice, with its id, and continues',
  { timeout: 240_000 }, // each time its lock has to expire first
  async (how) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-quarantine-'));
    const port = await freePort();
    const file = join(dataDir, 'shiplog.yaml');
    const start = (testing?: object) => {
      writeFileSync(file, JSON.stringify(configuration(port, dataDir, testing))); // YAML has all of JSON
      return startBridgeProcess({ SHIPLOG_CONFIG: file, PORT: String(port) });
    };
    const poison = { kill_at: 'apply:before', how, pass: 1 };
    let bridge = await start(poison);
    onTestFinished(async () => {
      await bridge.exited('SIGKILL');
      process.kill(Number(readFileSync(join(dataDir, 'redis', 'redis.pid'), 'utf8')), 'SIGKILL'); // nobody else stops it
      rmSync(dataDir, { recursive: true, force: true });
    });
    const url = `http://127.0.0.1:${port}`;
    const send = async (job: number) => {
      const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: job, deployment_id: job }));
      const answer = await fetch(`${url}/webhooks/gitlab`, {
        method: 'POST',
        headers: { 'x-gitlab-token': SECRET },
        body,
      });
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { webhook: string }).webhook;
    };
    const deadLetters = async () => {
      const answer = await fetch(`${url}/api/dead-letters`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return ((await answer.json()) as { data: { webhook: string; kind: string; why: string }[] }).data; // our own API
    };
    const isDeaf = async () => {
      const answer = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(5_000) }).catch((error: Error) => error);
      return answer instanceof Error && answer.name === 'TimeoutError';
    };
    // To end it before it came to the job would prove nothing. A busy machine may answer late once.
    const hasStruck = async () =>
      how === 'kill' ? bridge.child.signalCode === 'SIGKILL' : (await isDeaf()) && (await isDeaf());
    const webhook = await send(1);
    for (let round = 0; round < 2; round++) {
      if (round > 0) bridge = await start(poison);
      await vi.waitFor(async () => expect(await hasStruck()).toBe(true), { timeout: 60_000, interval: 200 });
      await bridge.exited('SIGKILL');
    }

    bridge = await start(poison);
    await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), { timeout: 60_000, interval: 200 });
    expect((await deadLetters())[0]).toMatchObject({
      webhook,
      kind: 'fault',
      why: expect.stringContaining('ended 2 times'),
    });
    await bridge.exited('SIGTERM');
    bridge = await start();
    await send(2);
    const recorded = async () => {
      const answer = await fetch(`${url}/api/v1/changes`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return ((await answer.json()) as { data: { external_id: string }[] }).data; // our own API
    };
    await vi.waitFor(async () => expect(await recorded()).toHaveLength(1), { timeout: 60_000, interval: 200 });
  },
);

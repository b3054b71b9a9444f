import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { gitlabDeploymentHook } from '../support/bridge.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';

const OLD = 'the-old-secret-of-the-harbor';
const NEW = 'the-new-secret-of-the-harbor';

const configOf = (secrets: readonly string[], rules = '[]') => `
port: \${PORT}
data_dir: \${SHIPLOG_DATA_DIR}
admin_token: an-admin-token-for-tests
sources:
  - type: gitlab
    secrets: ${JSON.stringify(secrets)}
rules: ${rules}
`;

it('SIGHUP reads the configuration anew: a secret is changed without losing a webhook, and a wrong file changes nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-reload-'));
  const file = join(dir, 'shiplog.yaml');
  const port = await freePort();
  writeFileSync(file, configOf([OLD]));
  const bridge = await startBridgeProcess({ PORT: String(port), SHIPLOG_DATA_DIR: dir, SHIPLOG_CONFIG: file });
  onTestFinished(async () => {
    await bridge.exited('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  });
  let job = 0;
  const statusWith = async (secret: string) => {
    job += 1;
    const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: job, deployment_id: job }));
    const headers = { 'x-gitlab-token': secret };
    return (await fetch(`http://127.0.0.1:${port}/webhooks/gitlab`, { method: 'POST', headers, body })).status;
  };
  const reload = async (text: string, words: string) => {
    const before = bridge.output().split(words).length;
    writeFileSync(file, text);
    bridge.child.kill('SIGHUP');
    await vi.waitFor(() => expect(bridge.output().split(words).length).toBe(before + 1), { timeout: 10_000 });
  };
  expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([202, 401]);

  const refused: number[] = [];
  let sending = true;
  const load = (async () => {
    while (sending) {
      const status = await statusWith(OLD);
      if (status !== 202) refused.push(status);
    }
  })();
  await reload(configOf([NEW, OLD]), 'the configuration was read again');
  expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([202, 202]);
  sending = false;
  await load;
  expect(refused).toEqual([]);

  await reload(`${configOf([NEW])}\nsurprise: true\n`, 'the bridge keeps the old one');
  expect(bridge.output()).toMatch(/shiplog\.yaml:\d+: .*surprise/);
  expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([202, 202]);
  await reload(configOf([NEW], '[{ match: { service: "/(a+)+$/" }, drop: true }]'), 'the bridge keeps the old one');

  await reload(configOf([NEW]), 'the configuration was read again');
  expect([await statusWith(OLD), await statusWith(NEW)]).toEqual([401, 202]);
  expect(bridge.output()).not.toContain(NEW);
});

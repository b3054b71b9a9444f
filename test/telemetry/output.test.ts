import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';
import { UNWRITABLE } from '../support/unwritable.ts';

/** More lines than any pipe holds. */
const WEBHOOKS = 400;

/** The others are F41 of `npm run faults`. */
const TRIED = ['a full disk, standard error too', 'a pipe that nobody reads'];

it.each(TRIED)('a log on %s loses lines, but no webhook, and blocks neither start nor stop', async (where) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-output-'));
  const port = await freePort();
  const bridge = await startBridgeProcess(
    { PORT: String(port), SHIPLOG_DATA_DIR: dataDir, SHIPLOG_GITLAB_SECRET: SECRET },
    UNWRITABLE[where]?.(dataDir),
  );
  onTestFinished(async () => {
    await bridge.exited('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  const statuses = new Set<number>();
  let next = 0;
  const lane = async () => {
    while (next < WEBHOOKS) {
      const job = next++;
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks/gitlab`, {
        method: 'POST',
        headers: { 'x-gitlab-token': SECRET },
        body: JSON.stringify(gitlabDeploymentHook({ deployable_id: job, deployment_id: job })),
      });
      statuses.add(answer.status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  expect([...statuses]).toEqual([202]);
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/^shiplog_queue_jobs\{queue="record"\} 0$/m);
    // A pipe that nobody reads loses nothing before the memory for it is full.
    if (!where.includes('nobody reads')) expect(metrics).toMatch(/^shiplog_log_lines_lost_total [1-9]/m);
  });
  await bridge.exited('SIGTERM');
  expect(bridge.child.exitCode).toBe(0);
  expect(existsSync(join(dataDir, 'bridge.lock'))).toBe(false); // its Redis has ended, and the directory is free
});

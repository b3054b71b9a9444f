import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openOutput } from '../../src/telemetry/output.ts';
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

it('a line that was cut when there was no more space has a line break before the next one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-output-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  // A pipe takes a part of what is written, as a disk that fills up does; without a reader, a write is an error.
  const pipe = join(dir, 'log');
  execFileSync('mkfifo', [pipe]);
  const openEnd = (flag: number) => openSync(pipe, flag | constants.O_NONBLOCK);
  const firstReader = openEnd(constants.O_RDONLY);
  const writer = openEnd(constants.O_WRONLY);
  const output = openOutput(writer, () => {});
  output.write(`${'a'.repeat(999)}\n`.repeat(200));
  const buffer = Buffer.alloc(1024 * 1024);
  await vi.waitFor(() => readSync(firstReader, buffer, { length: 1 })); // throws as long as the pipe is empty
  closeSync(firstReader);
  await vi.waitFor(() => expect(output.lost()).toBeGreaterThan(0));
  const reader = openEnd(constants.O_RDONLY);
  output.write('the next line\n');
  let text = '';
  await vi.waitFor(() => {
    text += buffer.toString('utf8', 0, readSync(reader, buffer));
    expect(text).toContain('the next line');
  });
  expect(text).toMatch(/^the next line$/m);
  for (const end of [reader, writer]) closeSync(end);
});

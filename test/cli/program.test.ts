import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { loadedPackages } from '../support/loaded-packages.ts';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-program-'));
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let number = 0;

beforeAll(async () => {
  bridge = await startTestBridge();
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders());
  await bridge.settled();
});
afterAll(async () => {
  await bridge?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The built program with a configuration that finds the bridge. */
function shiplog(args: readonly string[], said: Record<string, unknown> = {}, environment: NodeJS.ProcessEnv = {}) {
  number += 1;
  const file = join(dir, `shiplog-${number}.yaml`);
  const sources = [{ type: 'gitlab', secrets: [SECRET] }];
  const config = { port: Number(new URL(bridge.url).port), data_dir: dir, admin_token: ADMIN_TOKEN, sources, ...said };
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    // not the bridge of a developer who has one running in this checkout
    env: { ...process.env, SHIPLOG_DATA_DIR: dir, SHIPLOG_CONFIG: file, ...environment },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
  return { child, ended, out: () => out };
}

describe('the program', () => {
  it('exits with 0 when it is done, 1 when it did not work, 2 for a wrong configuration, 3 when nothing was found', async () => {
    const [done, none, away, wrong] = await Promise.all([
      shiplog(['changes', '--json']).ended,
      shiplog(['changes', '--env', 'nowhere', '--json']).ended,
      shiplog(['changes'], { port: 9 }).ended,
      shiplog(['changes'], { port: 'high' }).ended,
    ]);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(none).toMatchObject({
      code: 3,
      out: '[]\n',
      err: expect.stringMatching(/no environment is called "nowhere"[\s\S]*no change matches/),
    });
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining('no bridge responds') });
    expect(wrong).toMatchObject({ code: 2, out: '' });
  });

  it('finds a bridge whose port was given to its start alone', async () => {
    const dataDir = mkdtempSync(join(dir, 'data-'));
    const announced = { url: bridge.url, config: 'shiplog.yaml', version: '0.1.0', pid: process.pid };
    writeFileSync(join(dataDir, 'bridge.json'), JSON.stringify(announced));
    const elsewhere = { port: 9, data_dir: dataDir };
    expect(await shiplog(['sample', 'gitlab'], elsewhere).ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(`POST ${bridge.url}/webhooks/gitlab\n202 .*\nsee ${bridge.url}/deployments/gitlab:`),
    });
    expect((await shiplog(['doctor'], elsewhere).ended).out).toContain(`bridge at ${bridge.url}: ready`);
  });

  it('follows events until Ctrl-C, which is not a failure', async () => {
    const { child, ended, out } = shiplog(['tail', '--json']);
    await vi.waitFor(() => expect(out()).toContain('"kind":"webhook"'), { timeout: 15_000 });
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('ends quietly when its reader has read enough', async () => {
    const { child, ended, out } = shiplog(['tail', '--json']);
    await vi.waitFor(() => expect(out()).toContain('"kind":"webhook"'), { timeout: 15_000 });
    child.stdout.destroy();
    await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: 2 }), gitlabHeaders());
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('loads only what the command needs', async () => {
    const said = { redis_url: 'redis://127.0.0.1:9' };
    const loadedBy = async (...args: string[]) => {
      const folder = mkdtempSync(join(dir, 'loaded-'));
      await shiplog(args, said, { NODE_V8_COVERAGE: folder }).ended;
      return loadedPackages(folder);
    };
    const [help, changes, start] = await Promise.all([
      loadedBy('--help'),
      loadedBy('changes'),
      loadedBy('start'), // ends at once: the port is taken
    ]);
    const bridgeParts = ['bullmq', 'express', 'ioredis', 'prom-client'];
    expect(start).toEqual(expect.arrayContaining(bridgeParts));
    expect(changes.filter((name) => bridgeParts.includes(name))).toEqual([]);
    expect(help).toEqual(['commander']);
  });

  it('has the commands and the exit codes that are documented', async () => {
    const documented = readFileSync('docs/command-line.md', 'utf8');
    const [{ out, code }, trace] = await Promise.all([shiplog(['--help']).ended, shiplog(['trace', '--help']).ended]);
    expect(code).toBe(0);
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]*) ?/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    const listed = [...documented.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, name]) => name);
    expect([...listed].sort()).toEqual([...new Set(commands)].sort());
    expect(out).toContain('Exit codes: 0 done; 1 it did not work');
    expect(trace.out).toContain('3 nothing was found');
  });
});

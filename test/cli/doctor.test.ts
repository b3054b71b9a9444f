import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keys } from '../../src/store/keys.ts';
import { HOUR_MS } from '../../src/values/units.ts';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let redis: Redis;
let dir: string;
const configured = () => ({
  sources: ['gitlab', 'changes-api'].map((type) => ({ type, secrets: [SECRET] })),
  sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }],
});
beforeAll(async () => {
  alert24 = await startFakeAlert24();
  bridge = await startTestBridge(configured());
  redis = new Redis(bridge.redis.address.path);
  dir = mkdtempSync(join(tmpdir(), 'shiplog-doctor-'));
  const port = Number(new URL(bridge.url).port);
  const file = { port, data_dir: dir, admin_token: ADMIN_TOKEN, ...configured() };
  writeFileSync(join(dir, 'shiplog.yaml'), JSON.stringify(file));
});
afterAll(async () => {
  redis.disconnect();
  await bridge.stop();
  await alert24.close();
  rmSync(dir, { recursive: true, force: true });
});

const doctor = (file = 'shiplog.yaml') =>
  new Promise<{ code: unknown; out: string; wrong: readonly string[] }>((resolve) =>
    execFile(
      process.execPath,
      ['dist/main.js', 'doctor'],
      { env: { ...process.env, SHIPLOG_CONFIG: join(dir, file) } },
      (error, out) =>
        resolve({ code: error?.code ?? 0, out, wrong: out.split('\n').filter((line) => line.startsWith('WRONG')) }),
    ),
  );
const post = (body: object) => bridge.post('/webhooks/changes', body, { authorization: `Bearer ${SECRET}` });
const WELL = expect.objectContaining({ code: 0, wrong: [] });

it('exits with 0 if all is well, and with 1 while a deployment is stale, however many began after it', async () => {
  const first = await doctor();
  expect(first).toEqual(WELL);
  expect(first.out).toContain('configuration: 2 sources, 1 sink, 0 rules\n');
  const lamp = { summary: 'Lamp', service: 'lamp', environment: 'production', external_id: 'lamp-1' };
  const twoDaysAgo = new Date(Date.now() - 48 * HOUR_MS).toISOString();
  await post({ ...lamp, status: 'running', occurred_at: twoDaysAgo });
  const others = Array.from({ length: 101 }, (_, at) => ({ ...lamp, service: `lamp-${at}`, external_id: `one-${at}` }));
  await Promise.all(others.map((one) => post({ ...one, status: 'running' })));
  await bridge.settled();
  const { code, wrong } = await doctor();
  expect(wrong).toEqual([
    expect.stringContaining(`lamp in production: running since ${twoDaysAgo}, longer than usual`),
  ]);
  expect(code).toBe(1);
  await post(lamp);
  await bridge.settled();
  expect(await doctor()).toEqual(WELL);
});

it('exits with 1 while there are dead letters', async () => {
  alert24.inject({ kind: 'status', method: 'POST', status: 400, times: 1 });
  await post({ summary: 'Tide', service: 'tide', environment: 'production', external_id: 'tide-1' });
  await bridge.settled();
  const { code, wrong } = await doctor();
  expect(wrong).toEqual([
    expect.stringContaining('1 dead letter needs attention'),
    expect.stringContaining('the newest dead letter of alert24: Alert24 did not accept changes:tide-1: 400'),
  ]);
  expect(code).toBe(1);
  await bridge.post('/api/dead-letters/drop', { all: true }, { authorization: `Bearer ${ADMIN_TOKEN}` });
  expect(await doctor()).toEqual(WELL);
});

it('exits with 1 while the attempts at a destination fail, and shows why', async () => {
  alert24.inject({ kind: 'status', method: 'POST', status: 502, times: 1_000 });
  await post({ summary: 'Tide', service: 'tide', environment: 'production', external_id: 'tide-2' });
  await expect
    .poll(async () => (await doctor()).wrong, { timeout: 20_000 })
    .toEqual([
      expect.stringMatching(/sink alert24: the last attempt failed: Alert24 did not accept changes:tide-2: 502/),
    ]);
  alert24.heal();
  await bridge.settled();
  expect(await doctor()).toEqual(WELL);
});

it('exits with 1 while a source is silent for longer than ever before', async () => {
  const hours = [60, 50, 46, 40, 33].map((ago) => new Date(Date.now() - ago * HOUR_MS).toISOString().slice(0, 13));
  await redis.hset(keys.inboxHours(), Object.fromEntries(hours.map((hour) => [`${hour} taken gitlab`, '3'])));
  const { code, wrong } = await doctor();
  expect(wrong).toEqual([expect.stringMatching(/source gitlab: nothing received since .*: is its webhook disabled\?/)]);
  expect(code).toBe(1);
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders());
  await bridge.settled();
  expect(await doctor()).toEqual(WELL);
});

it('exits with 1 for repeated bad signatures, but not for a single one', async () => {
  const wrongToken = { ...gitlabHeaders(), 'x-gitlab-token': 'not the token that was agreed' };
  const refused = () => bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), wrongToken);
  await refused();
  expect(await doctor()).toEqual(WELL);
  await refused();
  await refused();
  const { code, wrong } = await doctor();
  expect(wrong).toEqual([
    expect.stringMatching(
      /source gitlab: bad_signature, 3 times within a day, the newest: X-Gitlab-Token is not .* \(from .*\)\. See http/,
    ),
  ]);
  expect(code).toBe(1);
});

it('exits with 1 if no bridge answers, and if a destination refuses the key', async () => {
  alert24.inject({ kind: 'status', method: 'GET', status: 401, times: 1 });
  expect((await doctor()).wrong).toContainEqual(expect.stringContaining('WRONG  sink alert24'));
  const nowhere = { port: 1, data_dir: dir, admin_token: ADMIN_TOKEN, sources: configured().sources };
  writeFileSync(join(dir, 'shiplog.yaml'), JSON.stringify(nowhere));
  const { code, out, wrong } = await doctor();
  expect(out).not.toContain('dead letters: none'); // nobody was there to ask
  expect(wrong[0]).toContain('nothing answers at http://127.0.0.1:1');
  expect(code).toBe(1);
});

it('names a sink of the running bridge that it cannot check, as its configuration has none', async () => {
  const { sinks: _, ...others } = configured();
  const port = Number(new URL(bridge.url).port);
  writeFileSync(join(dir, 'other.yaml'), JSON.stringify({ port, data_dir: dir, admin_token: ADMIN_TOKEN, ...others }));
  const { wrong } = await doctor('other.yaml');
  expect(wrong).toContainEqual(expect.stringContaining('sink alert24: not checked, as only the running bridge has it'));
});

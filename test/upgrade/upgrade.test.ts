import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startBridge } from '../../src/app/bridge.ts';
import { Config } from '../../src/config/config.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { FORMAT, FormatRefused, type Migration, migrate, openFormat } from '../../src/store/format.ts';
import { keys } from '../../src/store/keys.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { startFakeServer } from '../support/fake-server.ts';
import { startTestRedis } from '../support/redis.ts';
import { familyOfKey } from '../support/scripts.ts';
import { readFixture } from './load-fixture.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startRedis() {
  const server = await startTestRedis();
  const redis = new Redis(server.address.path);
  stops.push(server.stop, async () => redis.disconnect());
  return { server, redis };
}

/** Deployments of the fixture: 1 to 8 in Redis, all but the fifth succeeded; 11 to 13 in the spool. */
const jobs = (numbers: readonly number[]) =>
  numbers.map((number) => `gitlab:git.harbor.example:77:job:${15_664_214_900 + number}`);
const TOLD = jobs([1, 2, 3, 4, 6, 7, 8]);
const SPOOLED = jobs([11, 12, 13]);

/** This release on what 0.1.0 left, with destinations that take everything. */
async function startUpgraded(edit?: (text: string) => string) {
  const { server, redis } = await startRedis();
  const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-upgrade-'));
  stops.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const fixture = readFixture('test/upgrade/format-1', edit);
  await fixture.load(redis);
  fixture.spool(dataDir);
  const alert24 = await startFakeAlert24();
  const told: Record<string, string[]> = { journal: [], refuser: [], away: [] };
  const sent: string[] = [];
  const takesAll = await startFakeServer(({ path, text }) => {
    sent.push(text);
    told[path.slice(1)]?.push(JSON.parse(text).key);
    return { status: 201, body: { data: { id: `made-${told['journal']?.length}` } } };
  });
  const http = (name: string) => ({
    ...{ type: 'http', name, url: `${takesAll.url}/${name}` },
    body: {
      ...{ state: { path: 'state' }, key: { path: 'key' } },
      ...{
        said: { path: 'summary' },
        title: { path: 'commit.title' },
        job: { path: 'job_url' },
        by: { path: 'actor' },
      },
    },
  });
  const config = Config.parse({
    port: 0,
    data_dir: dataDir,
    admin_token: ADMIN_TOKEN,
    sources: [{ type: 'gitlab', secrets: [SECRET] }],
    sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }, ...['journal', 'refuser', 'away'].map(http)],
  });
  const bridge = await startBridge(config, server.address, createLogger('silent'));
  stops.push(
    () => alert24.close(),
    () => takesAll.close(),
    () => bridge.stop(),
  );
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  // biome-ignore lint/suspicious/noExplicitAny: our own API, whose answers other tests judge
  const get = async (path: string): Promise<any> => (await fetch(`${bridge.url}${path}`, { headers })).json();
  const post = (path: string, body: unknown, more: Record<string, string> = {}) =>
    fetch(`${bridge.url}${path}`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const text = async (path: string) => (await fetch(`${bridge.url}${path}`, { headers })).text();
  return { redis, alert24, told, sent, get, post, text };
}

describe('data of 0.1.0', () => {
  it('is shown, delivered once, replayed and drained', async () => {
    const { redis, alert24, told, get, post } = await startUpgraded();
    const keysOf = async () =>
      ((await get('/api/v1/changes?limit=100')).data as { deployment: string }[]).map((one) => one.deployment).sort();
    await vi.waitFor(async () =>
      expect(await keysOf()).toEqual([...jobs([1, 2, 3, 4, 5, 6, 7, 8]), ...SPOOLED].sort()),
    );
    // The undelivered ones, and those that waited in the spool.
    await vi.waitFor(() => expect(told['away']?.toSorted()).toEqual([...TOLD, ...SPOOLED].sort()), 30_000);
    await vi.waitFor(() => expect(told['journal']?.toSorted()).toEqual(SPOOLED));
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(SPOOLED.length));
    // The dead letters.
    await vi.waitFor(() => expect(told['refuser']?.toSorted()).toEqual(SPOOLED));
    const answer = await post('/api/dead-letters/replay', { sink: 'refuser' });
    expect(answer.status).toBe(200);
    await vi.waitFor(() => expect(told['refuser']?.toSorted()).toEqual([...TOLD, ...SPOOLED].sort()), 30_000);
    // A repeat of what was delivered is told to nobody.
    const repeat = gitlabDeploymentHook({ deployable_id: 15_664_214_901, deployment_id: 501, status: 'success' });
    await post('/webhooks/gitlab', repeat, gitlabHeaders());
    const inbox = await get('/api/inbox?limit=100');
    expect(inbox.data.length).toBeGreaterThanOrEqual(22);
    expect((await get(`/api/deployments/${TOLD[0]}`)).data.records.length).toBeGreaterThanOrEqual(2);
    expect(await redis.get(keys.format())).toBe(String(FORMAT));
    for (const key of await redis.keys('*')) expect(familyOfKey(key), key).toBeDefined();
  });

  it('is found by filters for which 0.1.0 had no index', async () => {
    const { redis, get } = await startUpgraded();
    await vi.waitFor(async () => expect(await redis.get(keys.format())).toBe(String(FORMAT)));
    const all = (await get('/api/v1/changes?limit=100')).data as { deployment: string; environment_tier: string }[];
    const { data } = await get('/api/v1/changes?limit=100&change_type=deployment');
    const found = (data as typeof all).map(({ deployment }) => deployment);
    for (const key of jobs([1, 2, 3])) expect(found).toContain(key);
    const tier = all.find(({ deployment }) => deployment === jobs([1])[0])?.environment_tier;
    const ofTier = (await get(`/api/v1/changes?limit=100&tier=${tier}`)).data as typeof all;
    expect(ofTier.map(({ deployment }) => deployment)).toContain(jobs([1])[0]);
    const drawn = await createDeployments(redis, { days: 400, count: 1_000 }).timeline({ facets: {} });
    expect(drawn.map((lazy) => lazy.entry()).filter(({ identity }) => identity === undefined)).toEqual([]);
  });
});

/** What 0.1.0 kept as it came: tokens in texts and addresses, and fields of any length. */
const careless = (text: string) =>
  text
    .replaceAll('Turn the lamp', 'glpat-Lamp1Lamp2Lamp3Lamp4 Turn the lamp')
    .replaceAll(/(-\/jobs\/\d+)(?=\\*")/g, '$1?private_token=Rudder1Rudder2')
    .replaceAll(/(actor\\*":\\*")mira/g, `$1${'m'.repeat(9_000)}`);

describe('data of 0.1.0 without limits and with secrets', () => {
  it('is limited and masked wherever it is shown or sent', async () => {
    const { told, sent, get, post, text } = await startUpgraded(careless);
    await vi.waitFor(() => expect(told['away']?.length).toBe(TOLD.length + SPOOLED.length), 30_000);
    await post('/api/dead-letters/replay', { sink: 'refuser' });
    await vi.waitFor(() => expect(told['refuser']?.length).toBe(TOLD.length + SPOOLED.length), 30_000);
    const inbox = (await get('/api/inbox?limit=100')).data as { id: string }[];
    const keysOf = jobs([1, 5, 8]).map(encodeURIComponent);
    const paths = [
      ...['/', '/inbox', '/deliveries', '/performance', '/api/v1/changes?limit=100', '/api/dead-letters'],
      ...['/api/v1/changes?format=ndjson', '/api/v1/changes?format=csv', '/api/feed'],
      ...keysOf.flatMap((key) => [`/deployments/${key}`, `/api/deployments/${key}`]),
      ...inbox.flatMap(({ id }) => [`/inbox/${id}`, `/api/inbox/${id}`]),
    ];
    const read = [...(await Promise.all(paths.map(text))), ...sent];
    expect(read.join('\n')).toContain('Turn the lamp');
    for (const [at, one] of read.entries()) {
      expect(one, paths[at]).not.toMatch(/Lamp1|Rudder1|m{256}/);
    }
    const webhooks = inbox.filter(({ id }) => !id.startsWith('refused_')).slice(0, 3);
    for (const { id } of webhooks) expect((await post(`/api/inbox/${id}/replay`, {})).status).toBeLessThan(500);
    expect((await post('/api/redeliver', { sink: 'journal', since: '2020-01-01T00:00:00Z' })).status).toBe(200);
    expect(sent.join('\n')).not.toMatch(/Lamp1|Rudder1|m{256}/);
    expect(await text(`/deployments/${keysOf[0]}`)).not.toMatch(/Lamp1|Rudder1|m{256}/);
  });
});

describe('the storage format', () => {
  it('is stored in an empty Redis', async () => {
    const { redis } = await startRedis();
    await openFormat(redis); // as a start does before it
    expect(await migrate(redis)).toMatchObject({ isNew: true }); // the log reports no migration
    expect(await redis.get(keys.format())).toBe(String(FORMAT));
    await redis.set(keys.format(), '1');
    await redis.zadd(keys.changes(), 1, 'a deployment');
    expect(await migrate(redis)).toMatchObject({ from: 1, isNew: false });
  });

  it.each([
    ['a newer one', String(FORMAT + 1), /newer Shiplog.*backup/],
    ['something else', 'png', /no storage format/],
  ])('is refused when it is %s: the bridge does not start and changes nothing', async (_what, stored, message) => {
    const { server, redis } = await startRedis();
    await redis.set(keys.format(), stored);
    const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-upgrade-'));
    stops.push(async () => rmSync(dataDir, { recursive: true, force: true }));
    const config = Config.parse({
      port: 0,
      data_dir: dataDir,
      admin_token: ADMIN_TOKEN,
      sources: [{ type: 'gitlab', secrets: [SECRET] }],
    });
    await expect(startBridge(config, server.address, createLogger('silent'))).rejects.toThrow(message);
    expect(await redis.get(keys.format())).toBe(stored);
    await expect(openFormat(redis)).rejects.toThrow(FormatRefused);
  });

  it('is reached step by step, and an interrupted migration continues', async () => {
    const { redis } = await startRedis();
    await redis.set(keys.format(), '1');
    const runs: (readonly [to: number, from: string | undefined])[] = [];
    let isCut = true;
    const step = (to: number): Migration => ({
      to,
      async run(_redis, from, save) {
        runs.push([to, from]);
        await save('half');
        if (to === 3 && isCut) throw new Error('the process was killed');
      },
    });
    await expect(migrate(redis, [step(2), step(3)])).rejects.toThrow('killed');
    expect(await redis.get(keys.format())).toBe('2');
    isCut = false;
    // A release that reads format 3 goes on.
    await redis.set(keys.format(), '1');
    await migrate(redis, [step(3)]);
    expect(runs).toEqual([
      [2, undefined],
      [3, undefined],
      [3, 'half'],
    ]);
    expect(await redis.exists(keys.migration())).toBe(0);
  });
});

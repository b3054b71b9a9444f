import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { group, ungroupOldest } from '../../src/store/changes/packed/index-blocks.ts';
import { createPacker } from '../../src/store/changes/packed/packer.ts';
import { findText, packedTexts } from '../../src/store/changes/search/find-text.ts';
import { createHolds } from '../../src/store/holds.ts';
import { IN_BLOCK } from '../../src/store/inbox/block-packer.ts';
import { createInbox } from '../../src/store/inbox/inbox.ts';
import { createInboxPacker } from '../../src/store/inbox/packer.ts';
import type { KeyFamily } from '../../src/store/key-family.ts';
import { type KeyName, keys } from '../../src/store/keys.ts';
import {
  ADMIN_TOKEN,
  anAlert,
  gitlabDeploymentHook,
  gitlabHeaders,
  SECRET,
  startTestBridge,
} from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';
import { startMonitor } from '../support/monitor.ts';
import { familyOfKey, scriptFiles } from '../support/scripts.ts';

const families: Readonly<Record<KeyName, KeyFamily>> = keys as never; // each takes its own number of values

/** All that a busy bridge asked of Redis, and what it left there. */
async function watchBusyBridge() {
  const project = { id: 77, path: 'harbor/lighthouse-api', acceptAnySha: true, branches: ['main'] };
  const gitlab = await startFakeGitlab({ projects: [project] });
  const alert24 = await startFakeAlert24();
  const bridge = await startTestBridge({
    sources: [
      { type: 'gitlab', secrets: [SECRET], api: { url: gitlab.url, token: GITLAB_TOKEN } },
      ...['argocd', 'changes-api', 'gitlab-api', 'alerts'].map((type) => ({ type, secrets: [SECRET] })),
    ],
    sinks: [
      { type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN },
      { type: 'alert24', url: alert24.url, api_key: ALERT24_KEY },
    ],
    rules: [
      { name: 'call it pharos', match: { service: 'lighthouse-api' }, set: { service: 'pharos' } },
      { name: 'no probes', match: { environment: 'probe' }, drop: true },
    ],
  });
  gitlab.options.hooks = { url: `${bridge.url}/webhooks/gitlab`, token: SECRET, maxDelayMs: 30 };
  const redis = new Redis(bridge.redis.address.path);
  const { seen, stop: stopMonitor } = await startMonitor(bridge.redis.address.path);
  await useEverything(bridge, alert24);
  await useInbox(redis);
  const now = new Date();
  for (const holds of [createHolds(redis), createHolds(redis, keys.failing)])
    await holds.begin('alert24', { why: 'it is away', until: new Date(now.getTime() + 60_000) }, now);
  await redis.echo('the end');
  await vi.waitFor(() => expect(seen.some(({ command }) => command[1] === 'the end')).toBe(true));
  return {
    redis,
    seen,
    async stop() {
      stopMonitor();
      redis.disconnect();
      await bridge.stop();
      await Promise.all([gitlab.close(), alert24.close()]);
    },
  };
}

async function useEverything(
  bridge: Awaited<ReturnType<typeof startTestBridge>>,
  alert24: Awaited<ReturnType<typeof startFakeAlert24>>,
): Promise<void> {
  const bearer = { authorization: `Bearer ${SECRET}` };
  for (const commit of ['a', 'b', 'a']) await bridge.post('/webhooks/changes', changeOf(commit), bearer);
  for (const status of ['running', 'success'])
    await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ status }), gitlabHeaders());
  for (const index of [1, 2]) await bridge.post('/webhooks/argocd', argocdNotification(index), bearer);
  await bridge.post('/webhooks/alerts', anAlert({ fingerprint: 'a' }), bearer);
  const probe = { environment: 'probe', deployable_id: 8, deployment_id: 8 };
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(probe), gitlabHeaders());
  alert24.options.createdStatus = 400;
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: 9, deployment_id: 9 }), gitlabHeaders());
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), { ...gitlabHeaders(), 'x-gitlab-token': 'wrong' });
  for (const environment of ['quay', 'pier']) await useRows(bridge, environment);
  await bridge.settled();
  await bridge.post('/webhooks/alerts', anAlert({ fingerprint: 'b' }), bearer);
  await bridge.settled();
  await fetch(`${bridge.url}/login`, { method: 'POST', body: new URLSearchParams({ token: ADMIN_TOKEN }) });
  // Twice: Redis is given a script's text the first time, and its digest from then on.
  for (const status of ['succeeded', 'running']) {
    await bridge.changes(`&environment=production&status=${status}`);
    await bridge.changes('&text=lamp');
    await bridge.get('/api/v1/changes/timeline?environment=quay'); // the whole of it may be kept by the process
  }
}

/** What strangers send, what the inbox forgets, and what is packed. Twice, as above. */
async function useInbox(redis: Redis): Promise<void> {
  for (const count of [2, 1]) {
    const inbox = createInbox(redis, { days: 7, count, maxBytes: 2 ** 30 });
    const sent = { source: 'gitlab', method: 'POST', path: '/webhooks/gitlab', headers: {}, bytes: 2 };
    const receivedAt = new Date().toISOString();
    await inbox.addRefusal({ ...sent, receivedAt, address: '192.0.2.7', reason: 'bad_signature' });
    await inbox.prune();
    // As many as are packed together.
    for (let at = 0; at < IN_BLOCK; at += 1)
      await inbox.add({
        ...sent,
        receivedAt,
        id: `${count}-${at}`,
        verdict: 'ignored',
        reason: 'ping',
        deployments: [],
      });
    for (const waitsMs of [86_400_000, 0]) await createInboxPacker(redis, { quietMs: 0, waitsMs }).packSome();
    await createPacker(redis, 0).packSome();
    const deployments = createDeployments(redis, { days: 7, count: 100 });
    for (const name of await redis.zrange(keys.changes(), '0', '-1')) await deployments.stored(name);
    // What fifty packed deployments make of an index.
    const ids = Array.from({ length: 51 }, (_, at) => `^${at + 100}`);
    for (const index of [keys.changes(), keys.facet('service', 'crane')]) {
      await redis.zadd(index, ...ids.flatMap((id, at) => [at + 1, id]));
      await group(redis, index);
    }
    await ungroupOldest(redis, keys.changes(), { beforeMs: 0, most: 0, least: 0 });
    // What a text is looked for in, when the newest thousands do not hold it.
    const all = { groups: [[keys.changes()]], span: { min: '-inf', max: '+inf' }, words: ['~lamp'], isSure: true };
    const packed = await packedTexts(redis, ['lamp']);
    if (packed) for await (const { names } of findText(redis, all, { ...packed, passed: new Set() })) names.at(0);
  }
}

async function useRows(bridge: Awaited<ReturnType<typeof startTestBridge>>, environment: string): Promise<void> {
  const path = '/api/v4/projects/harbor%2Flighthouse-api/deployments';
  const headers = { 'private-token': SECRET, 'content-type': 'application/json' };
  const post = (status: string) =>
    accepted(async () => {
      const order = { environment, sha: 'b'.repeat(40), ref: 'main', tag: false, status };
      const answer = await bridge.post(path, order, headers);
      return { status: answer.status, id: answer.body.id as number }; // our own API
    });
  await post('running');
  await post('failed');
  const { id } = await post('running');
  const call = (method: string, body: string) =>
    accepted(() => fetch(`${bridge.url}${path}/${id}`, { method, headers, body }));
  await call('PUT', JSON.stringify({ status: 'canceled' }));
  await call('DELETE', '{}');
}

/** On a busy machine Redis may not answer in time: 503, although the request may have had its effect. */
const accepted = <Reply extends { readonly status: number }>(send: () => Promise<Reply>): Promise<Reply> =>
  vi.waitFor(async () => {
    const reply = await send();
    expect(reply.status).not.toBe(503);
    return reply;
  }, 20_000);

/** The third is the first again, after another has run there. */
const changeOf = (commit: string) => ({
  summary: 'Deployed the lens',
  service: 'lens',
  environment: 'quay',
  commit_sha: commit.repeat(40),
});

/** Two of one application: the second is a rollback to the first. */
function argocdNotification(index: number) {
  const revision = 'a'.repeat(39) + index;
  const startedAt = new Date(Date.now() - 3_600_000 + index * 60_000).toISOString();
  const finishedAt = new Date(Date.now() - 3_570_000 + index * 60_000).toISOString();
  return {
    schema: 'shiplog/argocd/v1',
    event: 'succeeded',
    sent_at: new Date().toISOString(),
    argocd_url: 'https://argocd.harbor.example',
    app: {
      name: 'beacon',
      namespace: 'argocd',
      uid: '00000000-0000-4000-8000-000000000001',
      project: 'beacons',
      labels: {},
      annotations: { 'shiplog/environment': 'production', 'shiplog/gitlab-project': 'harbor/lighthouse-api' },
    },
    operation: { phase: 'Succeeded', message: '', started_at: startedAt, finished_at: finishedAt, username: 'mira' },
    revision,
    sources: [
      { repo_url: 'https://git.harbor.example/harbor/lighthouse-api.git', target_revision: 'main', path: 'deploy' },
    ],
    health: { status: 'Healthy' },
    history: [{ id: index, revision, deployedAt: finishedAt, deployStartedAt: startedAt }],
  };
}

let watched: Awaited<ReturnType<typeof watchBusyBridge>>;
let left: { readonly key: string; readonly type: string; readonly ttl: number }[];
beforeAll(async () => {
  watched = await watchBusyBridge();
  const { redis } = watched;
  left = await Promise.all(
    (await redis.keys('*')).map(async (key) => ({ key, type: await redis.type(key), ttl: await redis.ttl(key) })),
  );
});
afterAll(() => watched.stop());

/** What only an upgrade, a long while or a replica writes. */
const ELSEWHERE = ['migration', 'chore', 'secrets'];

describe('what a busy bridge leaves in Redis', () => {
  it('belongs to a family, with its type and expiry', () => {
    for (const { key, type, ttl } of left) {
      const name = familyOfKey(key);
      if (name === undefined) expect.fail(`no family has the key ${key}`);
      const family = families[name];
      if (family.type === 'BullMQ' || type === 'none') continue; // it ended while it was looked at
      expect(type, key).toBe(family.type);
      expect(ttl !== -1, `${key} has a time to live`).toBe(family.expires === true);
    }
  });

  it('covers every family, except those of an upgrade', () => {
    const all = [...left.map(({ key }) => key), ...watched.seen.flatMap(({ command }) => command.slice(1))];
    const found = new Set(all.map(familyOfKey));
    expect(Object.keys(keys).filter((name) => !ELSEWHERE.includes(name) && !found.has(name as KeyName))).toEqual([]);
  });
});

type Script = ReturnType<typeof scriptFiles>[number];

interface ScriptCall {
  readonly script: Script;
  readonly declared: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

/** Our own scripts as they were called by their digest; not BullMQ's. */
async function scriptCalls(): Promise<ScriptCall[]> {
  const known = new Map<string, Script>();
  for (const script of scriptFiles()) known.set(String(await watched.redis.script('LOAD', script.lua)), script);
  const calls: (ScriptCall & { readonly commands: (readonly string[])[] })[] = [];
  let current: (typeof calls)[number] | undefined;
  for (const { command, isFromScript } of watched.seen) {
    if (isFromScript) {
      current?.commands.push(command);
      continue;
    }
    const [name = '', which = '', count = '0', ...rest] = command;
    const script = /^evalsha$/i.test(name) ? known.get(which) : undefined;
    current = script && { script, declared: rest.slice(0, Number(count)), commands: [] };
    if (current) calls.push(current);
  }
  return calls;
}

it('names the files that write each family', () => {
  const files = Object.values(families).flatMap(({ writtenBy }) => writtenBy.match(/[a-z/-]+\.ts/g) ?? []);
  expect(files.filter((file) => !existsSync(`src/${file}`))).toEqual([]);
});

describe('a script', () => {
  it('only uses declared keys', async () => {
    const calls = await scriptCalls();
    const used = new Set(calls.filter(({ commands }) => commands.length > 0).map(({ script }) => script.name));
    const SELDOM = ['assign-member', 'forget-deployment', 'renew-leases', 'take-records'];
    expect(scriptFiles().flatMap(({ name }) => (used.has(name) || SELDOM.includes(name) ? [] : name))).toEqual([]);
    for (const { script, declared, commands } of calls) {
      for (const command of commands) {
        const touched = (await watched.redis.call('COMMAND', 'GETKEYS', ...command)) as string[]; // what it replies
        for (const key of touched) expect(declared, `${script.name}: ${command[0]} ${key}`).toContain(key);
      }
    }
  });

  it('is given keys of the families that its header names', async () => {
    for (const { script, declared } of await scriptCalls()) {
      const parameters = script.parameters.filter(({ kind }) => kind === 'KEYS');
      for (const [at, key] of declared.entries()) {
        const { text = '' } = parameters.findLast(({ first }) => first <= at + 1) ?? {};
        expect(text.match(/[a-z][A-Za-z]+/g), `${script.name}: KEYS[${at + 1}] ${key}`).toContain(familyOfKey(key));
      }
    }
  });
});

it('leaves nothing of a deployment when retention has passed', async () => {
  const { redis } = watched;
  const deployments = createDeployments(redis, { days: 1, count: 1_000 });
  const before = (await redis.keys('*')).map(familyOfKey);
  for (const family of ['deployment', 'alias', 'ledger', 'attempts', 'remoteOwner', 'echoOfId', 'facet'] as const)
    expect(before).toContain(family);
  await deployments.prune({ nowMs: Date.now() + 10 * 86_400_000, share: 1 });
  // Every family that says that it ends with its deployment does.
  const ending = Object.entries(families).filter(([, { ends }]) => /with (?:its deployment|retention)/.test(ends));
  expect(ending.length).toBeGreaterThan(10);
  const names = ending.map(([name]) => name);
  const left = (await redis.keys('*')).filter((key) => names.includes(familyOfKey(key) ?? ''));
  expect(left).toEqual([]);
});

// Makes the data of a release as a fixture: node test/upgrade/make-fixture.mjs <checkout of the release, built> <folder>
// Runs that release with a Redis of its own, and leaves deployments delivered and undelivered, dead letters, an inbox and
// lines in the spool. All names are invented. Written as JSON, so that any version of Redis takes it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const [release = '', folder = ''] = process.argv.slice(2);
const SECRET = 'a-secret-of-24-characters';
const ADMIN = 'an-admin-token-for-tests';
const dir = mkdtempSync(join(tmpdir(), 'shiplog-fixture-'));
const children = [];

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Takes what it is sent, as a change log does. */
async function startSink() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const isRefused = request.url?.startsWith('/refuses');
      response.writeHead(isRefused ? 400 : request.method === 'GET' ? 200 : 201, {
        'content-type': 'application/json',
      });
      response.end(
        JSON.stringify(
          isRefused ? { error: 'no such field' } : { data: request.method === 'GET' ? [] : { id: randomUUID() } },
        ),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function startRedis(port) {
  const settings = ['--port', port, '--dir', dir, '--appendonly', 'yes', '--save', '', '--bind', '127.0.0.1'];
  const server = spawn('redis-server', settings.map(String), { stdio: 'ignore' });
  children.push(server);
  const redis = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  await redis.ping();
  return { server, redis };
}

async function until(what, condition) {
  for (let round = 0; round < 300; round++) {
    if (await condition().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`it never came: ${what}`);
}

const hook = (number, over = {}) => ({
  object_kind: 'deployment',
  status: 'success',
  status_changed_at: new Date(Date.now() - 60_000).toISOString(),
  deployment_id: 500 + number,
  deployable_id: 15_664_214_900 + number,
  deployable_url: `https://git.harbor.example/harbor/lighthouse-api/-/jobs/${15_664_214_900 + number}`,
  environment: number % 2 ? 'production' : 'staging',
  environment_tier: number % 2 ? 'production' : 'staging',
  project: {
    id: 77,
    name: 'lighthouse-api',
    web_url: 'https://git.harbor.example/harbor/lighthouse-api',
    path_with_namespace: 'harbor/lighthouse-api',
    default_branch: 'main',
  },
  short_sha: String(number).padStart(8, 'a'),
  user: { id: 3, name: 'Mira Okafor', username: 'mira', email: '[REDACTED]' },
  commit_url: `https://git.harbor.example/harbor/lighthouse-api/-/commit/${String(number).padStart(40, 'a')}`,
  commit_title: `Turn the lamp "slowly", ${number}`,
  ref: 'main',
  ...over,
});

const port = await freePort();
const redisPort = await freePort();
const sink = await startSink();
const away = `http://127.0.0.1:${await freePort()}`;
const { server: redisServer, redis } = await startRedis(redisPort);
const config = `
port: ${port}
redis_url: redis://127.0.0.1:${redisPort}/0
data_dir: ${join(dir, 'data')}
admin_token: ${ADMIN}
sources:
  - { type: gitlab, secrets: [${SECRET}] }
  - { type: changes-api, name: changes, secrets: [${SECRET}] }
sinks:
  - { type: alert24, url: '${sink.url}', api_key: ak_live_AbCdEfGhIjKlMnOpQrStUvWxYz012345 }
  - { type: http, name: journal, url: '${sink.url}/takes', remote_id: { path: data.id }, body: { state: { path: state } } }
  - { type: http, name: refuser, url: '${sink.url}/refuses', body: { state: { path: state } } }
  - { type: http, name: away, url: '${away}/', body: { state: { path: state } } }
`;
writeFileSync(join(dir, 'shiplog.yaml'), config);
const bridge = spawn(process.execPath, [join(resolve(release), 'dist/main.js'), 'start'], {
  cwd: dir,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, SHIPLOG_CONFIG: join(dir, 'shiplog.yaml') },
});
children.push(bridge);

const url = `http://127.0.0.1:${port}`;
const sent = [];
async function send(path, body, headers) {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  sent.push(answer.status);
}
const sendHook = (number, over) =>
  send('/webhooks/gitlab', hook(number, over), {
    'x-gitlab-token': SECRET,
    'x-gitlab-event': 'Deployment Hook',
    'idempotency-key': randomUUID(),
  });

try {
  await until('the bridge', async () => (await fetch(`${url}/readyz`)).ok);
  for (let number = 1; number <= 8; number++) {
    await sendHook(number, { status: 'running' });
    await sendHook(number, number === 5 ? { status: 'failed' } : {});
  }
  await send(
    '/webhooks/changes',
    { service: 'ledger', environment: 'production', status: 'succeeded', commit_sha: 'b'.repeat(40) },
    { authorization: `Bearer ${SECRET}` },
  );
  await send('/webhooks/gitlab', { object_kind: 'push' }, { 'x-gitlab-token': SECRET, 'x-gitlab-event': 'Push Hook' });
  await send('/webhooks/gitlab', hook(9), { 'x-gitlab-token': 'wrong', 'x-gitlab-event': 'Deployment Hook' });
  const failed = () => redis.zcard('{shiplog}:forward-refuser:failed');
  await until('the dead letters', async () => (await failed()) >= 7);
  await until(
    'the deliveries',
    async () =>
      (await redis.llen('{shiplog}:forward-journal:wait')) === 0 &&
      (await redis.keys('{shiplog}:ledger:journal:*')).length >= 7,
  );
  const data = await dump(redis);
  redisServer.kill('SIGKILL');
  await once(redisServer, 'exit');
  for (let number = 11; number <= 13; number++) await sendHook(number);
  bridge.kill('SIGKILL');
  await once(bridge, 'exit');
  const spool = join(dir, 'data/spool');
  mkdirSync(join(folder, 'spool'), { recursive: true });
  for (const name of readdirSync(spool).filter((file) => !file.startsWith('.')))
    writeFileSync(join(folder, 'spool', name), readFileSync(join(spool, name)));
  const json = JSON.stringify({ takenAtMs: Date.now(), keys: data }, undefined, 1);
  writeFileSync(join(folder, 'redis.json'), `${json}\n`);
  console.error({ answers: sent.join(' '), keys: data.length, bytes: json.length, spool: readdirSync(spool) });
} finally {
  for (const child of children) child.kill('SIGKILL');
  sink.close();
  redis.disconnect();
  rmSync(dir, { recursive: true, force: true });
}

/** Text as it is, other bytes as base64. */
function plain(bytes) {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}

async function dump(redis) {
  const names = (await redis.keys('*')).filter((key) => !key.endsWith(':events')).sort();
  return Promise.all(
    names.map(async (key) => {
      const type = await redis.type(key);
      const ttlMs = await redis.pttl(key);
      return { key, type, ...(ttlMs > 0 && { ttlMs }), value: await readValue(redis, key, type) };
    }),
  );
}

async function readValue(redis, key, type) {
  const all = {
    string: async () => plain(await redis.getBuffer(key)),
    hash: async () => Object.entries(await redis.hgetallBuffer(key)).map(([field, value]) => [field, plain(value)]),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, 0, -1, 'WITHSCORES'),
    stream: () => redis.xrange(key, '-', '+'),
  };
  return all[type]();
}

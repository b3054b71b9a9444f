import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';
import { exchange, open, rawRequest } from '../support/raw-http.ts';

/** `SHIPLOG_LONG=1` sends as many as the promise says. The first ones warm it up: pools, caches, compiled code. */
const REQUESTS = process.env['SHIPLOG_LONG'] ? 100_000 : 2_000;
const WARM_UP = process.env['SHIPLOG_LONG'] ? 10_000 : 1_500;
const LANES = 50;
/** Of the whole process, whatever the collector has given back. */
const RESIDENT_MIB = 300;
const GROWTH_MIB = 20;

interface Bad {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const token = { 'x-gitlab-token': SECRET };
const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024));
/** Each is new by its number: nothing may be remembered of any of them. */
const KINDS: readonly ((number: number) => Bad)[] = [
  (number) => ({ headers: { 'x-gitlab-token': `wrong-token-${number}` }, body: '{}' }),
  (number) => ({ path: `/webhooks/nobody-${number}`, body: '{}' }),
  (number) => ({ path: `/nothing/at/${number}`, method: 'GET' }),
  (number) => ({ headers: token, body: `{"a": ${number},, }` }),
  (number) => ({ headers: token, body: `${'['.repeat(2_000)}${number}` }),
  (number) => ({ headers: token, body: JSON.stringify({ object_kind: `kind-${number}` }) }),
  (number) => ({ headers: { ...token, 'x-gitlab-event': `Event ${number}` }, body: '[]' }),
  (number) => ({ headers: token, body: JSON.stringify(gitlabDeploymentHook({ status: `status-${number}` })) }),
  (number) => ({
    path: '/webhooks/bitbucket',
    headers: { 'x-hub-signature': `sha256=${String(number).padStart(64, '0')}` },
    body: '{}',
  }),
  (number) => ({ path: '/api/v1/changes', headers: { authorization: `Bearer ${number}` }, body: '{}' }),
  (number) => ({ path: `/api/v4/projects/${number}/deployments`, headers: { 'private-token': 'no' }, body: '{}' }),
  (number) => ({ path: `/webhooks/argocd/${number}`, method: 'PUT', body: 'x'.repeat(10_000) }),
  (number) => ({ path: `/api/deployments/%ZZ${number}`, method: 'GET' }),
  (number) => ({
    path: '/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `token=${number}`,
  }),
  (number) => ({ headers: { ...token, 'content-encoding': `unknown-${number}` }, body: '{}' }),
  () => ({ headers: { ...token, 'content-encoding': 'gzip' }, body: 'no gzip' }),
  (number) => ({ method: 'DELETE', path: '/webhooks/gitlab', headers: { 'user-agent': `agent-${number}` } }),
];
/** What takes longer comes more seldom. */
const RARE: readonly ((url: string) => Promise<unknown>)[] = [
  (url) => exchange(url, 'GET / HTTP/9.9\r\n\r\n'),
  (url) => exchange(url, rawRequest({ path: '/webhooks/gitlab', headers: [['X-Pad', 'x'.repeat(40_000)]] })),
  (url) =>
    exchange(
      url,
      rawRequest({
        path: '/webhooks/gitlab',
        headers: [
          ['X-Gitlab-Token', SECRET],
          ['Content-Length', '99999999999'],
        ],
        framing: 'none',
      }),
    ),
  (url) =>
    exchange(url, rawRequest({ path: '/webhooks/bitbucket', headers: [['Content-Encoding', 'gzip']], body: BOMB })),
  async (url) => {
    const socket = await open(url);
    socket.write(
      rawRequest({
        path: '/webhooks/gitlab',
        headers: [
          ['X-Gitlab-Token', SECRET],
          ['Content-Length', '500'],
        ],
        framing: 'none',
        body: '{',
      }),
      () => socket.resetAndDestroy(),
    );
  },
];
const RARE_EVERY = 50;

const agent = new Agent({ keepAlive: true, maxSockets: LANES });

/** The server closes idle connections, and a request that is then on its way over one is sent again: that is how HTTP is. */
async function sendBad(url: string, bad: Bad): Promise<number> {
  const first = await sendOnce(url, bad);
  return first === 'closed while idle' ? Number(await sendOnce(url, bad)) : first;
}

function sendOnce(url: string, { method = 'POST', path = '/webhooks/gitlab', headers = {}, body = '' }: Bad) {
  return new Promise<number | 'closed while idle'>((resolve, reject) => {
    const all = { ...headers, 'content-length': Buffer.byteLength(body) };
    const sent = request(url + path, { method, agent, headers: all }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', (error) => (sent.reusedSocket ? resolve('closed while idle') : reject(error)));
    sent.end(body);
  });
}

describe('a flood of bad requests', () => {
  it(`of ${REQUESTS} is answered one by one, and does not affect the bridge`, { timeout: 600_000 }, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-flood-'));
    const port = await freePort();
    const bridge = await startBridgeProcess({
      PORT: String(port),
      SHIPLOG_DATA_DIR: dataDir,
      SHIPLOG_GITLAB_SECRET: SECRET,
      SHIPLOG_ADMIN_TOKEN: 'an-admin-token-for-tests',
    });
    onTestFinished(async () => {
      agent.destroy();
      await bridge.exited('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    });
    const url = `http://127.0.0.1:${port}`;
    const statuses = new Map<number, number>();
    let next = 0;
    const flood = async (until: number) => {
      const lane = async () => {
        while (next < until) {
          const number = next++;
          if (number % RARE_EVERY === 0) await RARE[(number / RARE_EVERY) % RARE.length]?.(url);
          const kind = KINDS[number % KINDS.length];
          const status = kind ? await sendBad(url, kind(number)) : 0;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    };
    const mebibytes = async (metric: string) => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${metric} (\\d+)`, 'm').exec(metrics)?.[1]) / 1024 / 1024;
    };
    const heapMib = () => mebibytes('nodejs_heap_size_used_bytes');
    await flood(WARM_UP);
    const before = await heapMib();
    await flood(WARM_UP + REQUESTS);
    // What is garbage by now is still counted; asking for metrics makes more of it, until it is collected.
    await expect.poll(heapMib, { interval: 20 }).toBeLessThan(before + GROWTH_MIB);
    expect(await mebibytes('process_resident_memory_bytes')).toBeLessThan(RESIDENT_MIB);
    expect([...statuses.keys()].filter((status) => status < 200 || status >= 500)).toEqual([]);
    const good = await sendBad(url, { headers: token, body: JSON.stringify(gitlabDeploymentHook()) });
    expect(good).toBe(202);
    await bridge.exited('SIGTERM');
    expect(bridge.child.exitCode).toBe(0);
    expect(bridge.output()).not.toMatch(/unhandled|stopping after an error|MaxListenersExceeded/i);
    // That a line of the inbox was lost in the crowd is no fault; that a request met a bug is.
    const ours = bridge
      .output()
      .split('\n')
      .filter((line) => /"level":60|"where":"http"/.test(line) && !line.includes('the request ended early'));
    expect(ours).toEqual([]);
  });
});

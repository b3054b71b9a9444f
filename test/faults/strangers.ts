import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliCompressSync } from 'node:zlib';
import { request } from 'undici';
import { SECRET } from '../support/bridge.ts';
import { sha } from '../support/deployment.ts';
import { tally } from './checker.ts';
import { startProbe } from './prober.ts';
import { type Scenario, until } from './scenario.ts';
import type { Stage } from './stage.ts';

const CONNECTIONS = 80;
const LIMIT_MIB = 150;

/** What a stranger sends and never ends. Whoever is cut comes again. */
const HOSTILE: Readonly<Record<string, () => Buffer>> = {
  'plain bodies': () => Buffer.concat([head('Content-Length: 20971520'), Buffer.alloc(4_194_304, 'x')]),
  'packed bodies': () => {
    const packed = brotliCompressSync(Buffer.alloc(25 * 1024 * 1024 - 1024, ' '));
    return Buffer.concat([head(`Content-Encoding: br\r\nContent-Length: ${packed.length + 1}`), packed]);
  },
  'tiny chunks': () =>
    Buffer.concat([head('Transfer-Encoding: chunked'), Buffer.from('1\r\na\r\n'.repeat(200_000), 'latin1')]),
  'pipelined requests': () => Buffer.concat(Array.from({ length: 2_000 }, () => head('Content-Length: 0'))),
  'half a head': () => Buffer.from('POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Pad: '),
  silence: () => Buffer.alloc(0),
};

/** A signature that only the whole body could prove wrong: the body is read. */
const head = (framing: string): Buffer =>
  Buffer.from(
    `POST /webhooks/bitbucket HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: sha256=${'0'.repeat(64)}\r\n${framing}\r\n\r\n`,
  );

const SOURCES = ['gitlab', 'argocd', 'changes-api', 'bitbucket'].map((type) => ({ type, secrets: [SECRET] }));

/** GitLab waits so long, and does not send again. */
const PATIENCE_MS = 10_000;

/**
 * F49a: what each kind of 80 hostile connections costs. The webhooks beside them come from the same address, and each
 * is sent once.
 */
export const hostileConnections: Scenario = (run) =>
  run.on({ config: { sources: SOURCES } }, async (stage) => {
    const [bridge] = stage.replicas;
    const warm = startProbe(run.plan({ events: 100 }).events, { urls: stage.urls, perSecond: run.perSecond });
    await warm.done;
    const shots = [...warm.shots];
    for (const [at, [kind, make]] of Object.entries(HOSTILE).entries()) {
      const before = bridge.rssMib();
      const rss: number[] = [];
      const watching = setInterval(() => void rss.push(bridge.rssMib()), 50);
      const attack = openHostile(bridge.url, make());
      const { events } = run.plan({ events: run.perSecond * 2, from: 10_000 * (at + 1) });
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
      const signed = sendSigned(bridge.url, { from: 1_000 * at, count: 40 });
      await probe.done;
      shots.push(...probe.shots);
      const answers = [...probe.shots, ...(await signed)];
      clearInterval(watching);
      attack.end();
      const grew = Math.round(Math.max(before, ...rss) - before);
      run.check(grew < LIMIT_MIB, `${kind}: RSS +${grew} MiB, ${LIMIT_MIB} allowed`);
      const refused = answers.filter(({ status = 0 }) => status < 200 || status >= 300);
      const statuses = [...new Set(refused.map(({ status = 'no answer' }) => status))].join(', ');
      run.check(refused.length === 0, `${kind}: ${refused.length} of ${answers.length} not acknowledged (${statuses})`);
      const slowest = Math.round(Math.max(...answers.map(({ ms }) => ms)));
      run.note(`${kind}: RSS +${grew} MiB, slowest answer ${slowest} ms`);
    }
    run.check(bridge.isRunning(), 'the bridge ended');
    return tally(stage, shots);
  });

/** Holds so many connections open, whatever the bridge does about it. */
function openHostile(url: string, bytes: Buffer) {
  const port = Number(new URL(url).port);
  let isOver = false;
  const open = () => {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => {}); // cut by the bridge
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(open, COMES_AGAIN_MS);
    });
    socket.resume().write(bytes);
  };
  const sockets = new Set<ReturnType<typeof connect>>();
  for (let count = 0; count < CONNECTIONS; count += 1) open();
  return {
    end() {
      isOver = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

const COMES_AGAIN_MS = 50;

/** Webhooks whose signature is over the body, which has to be read before anybody knows that they are authentic. */
async function sendSigned(url: string, { from, count }: { readonly from: number; readonly count: number }) {
  const answers: Promise<{ readonly status: number | undefined; readonly ms: number }>[] = [];
  for (let index = 0; index < count; index += 1) {
    answers.push(sendStep(url, from + index));
    await wait(SIGNED_EVERY_MS);
  }
  return Promise.all(answers);
}

const SIGNED_EVERY_MS = 50;

async function sendStep(url: string, number: number) {
  const body = JSON.stringify({
    BITBUCKET_COMMIT: sha(number),
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_STEP_UUID: `{00000000-0000-4000-8000-${String(number).padStart(12, '0')}}`,
    BITBUCKET_REPO_FULL_NAME: 'harbor/lighthouse-api',
    BITBUCKET_EXIT_CODE: '0',
  });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const startMs = performance.now();
  const answer = await request(`${url}/webhooks/bitbucket`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature': `sha256=${signature}` },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => undefined);
  await answer?.body.dump();
  return { status: answer?.statusCode, ms: performance.now() - startMs };
}

/** With 40 pings among them; every change is tried with a tenth. */
const REFUSALS = 20_000;
const PING_EVERY = 500;
const PING = JSON.stringify({ pad: 'x'.repeat(1_500_000) });
const REDIS_LIMIT_BYTES = 5 * 1024 * 1024;

/** F49b: what strangers leave behind in Redis, and what of the authentic webhooks is still there. */
export const refusals: Scenario = (run) =>
  run.on({ config: { sources: SOURCES, trust_proxy: 1, rate_limit_per_minute: 1_000_000 } }, async (stage) => {
    const { events } = run.plan({ events: 100 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const done = await tally(stage, probe.shots);
    const entries = await authentic(stage);
    const before = await usedBytes(stage);
    const count = run.quiet ? REFUSALS : REFUSALS / 10;
    const statuses = new Map<number, number>();
    let sent = 0;
    const lane = async () => {
      while (sent < count) {
        const status = await sendAsStranger(stage, sent++);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    await until(async () => (await usedBytes(stage)) - before < REDIS_LIMIT_BYTES, { withinMs: 20_000 });
    const grew = (await usedBytes(stage)) - before;
    run.check(grew < REDIS_LIMIT_BYTES, `Redis +${mib(grew)} MiB, 5 allowed`);
    const kept = await authentic(stage);
    const lost = [...entries].filter((id) => !kept.has(id)).length;
    run.check(entries.size > 0 && lost === 0, `${lost} of ${entries.size} authentic webhooks left the inbox`);
    run.note(`${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}: Redis +${mib(grew)} MiB`);
    run.note(`${entries.size} authentic entries, ${lost} lost`);
    return done;
  });

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

const usedBytes = async ({ client }: Stage): Promise<number> =>
  Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);

/** Each from an address of its own: repeats of one address are one entry. */
async function sendAsStranger({ urls }: Stage, index: number): Promise<number> {
  const isPing = index % PING_EVERY === 0;
  const answer = await request(`${urls[0]}/webhooks/${isPing ? 'bitbucket' : 'gitlab'}`, {
    method: 'POST',
    headers: {
      'x-forwarded-for': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      ...(isPing ? { 'x-event-key': 'diagnostics:ping' } : { 'x-gitlab-token': 'not-the-secret' }),
    },
    body: isPing ? PING : '{}',
  }).catch(() => undefined);
  await answer?.body.dump().catch(() => {}); // a large body may be cut before it was read
  return answer?.statusCode ?? 0;
}

/** The ids of what the inbox holds of senders that proved themselves. */
async function authentic(stage: Stage): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let offset = 0, more = true; more; offset += 100) {
    const { body } = await stage.get(`/api/inbox?limit=100&offset=${offset}`);
    const { data, meta } = body as { data: { id: string; verdict: string }[]; meta: { has_more: boolean } }; // our own API
    for (const { id, verdict } of data) if (verdict !== 'rejected') ids.add(id);
    more = meta.has_more;
  }
  return ids;
}

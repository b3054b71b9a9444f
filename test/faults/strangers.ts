import { connect } from 'node:net';
import { brotliCompressSync } from 'node:zlib';
import { request } from 'undici';
import { SECRET } from '../support/bridge.ts';
import { tally } from './checker.ts';
import { startProbe } from './prober.ts';
import { type Scenario, until } from './scenario.ts';
import type { Stage } from './stage.ts';

const CONNECTIONS = 80;
const LIMIT_MIB = 150;

/** What a stranger sends and never ends: bodies in plain, packed and in chunks of a byte. */
const HOSTILE: Readonly<Record<string, () => Buffer>> = {
  'plain bodies': () => Buffer.concat([head('Content-Length: 20971520'), Buffer.alloc(4_194_304, 'x')]),
  'packed bodies': () => {
    const packed = brotliCompressSync(Buffer.alloc(25 * 1024 * 1024 - 1024, ' '));
    return Buffer.concat([head(`Content-Encoding: br\r\nContent-Length: ${packed.length + 1}`), packed]);
  },
  'tiny chunks': () =>
    Buffer.concat([head('Transfer-Encoding: chunked'), Buffer.from('1\r\na\r\n'.repeat(200_000), 'latin1')]),
};

/** A signature that only the whole body could prove wrong: the body is read. */
const head = (framing: string): Buffer =>
  Buffer.from(
    `POST /webhooks/bitbucket HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: sha256=${'0'.repeat(64)}\r\n${framing}\r\n\r\n`,
  );

const SOURCES = ['gitlab', 'argocd', 'changes-api', 'bitbucket'].map((type) => ({ type, secrets: [SECRET] }));

/** F49a: what each kind of 80 hostile connections costs, with true webhooks beside them. */
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
      const sockets = openHostile(bridge.url, make());
      const { events } = run.plan({ events: run.perSecond * 2, from: 10_000 * (at + 1) });
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond, retry: 'on-failure' });
      await probe.done;
      shots.push(...probe.shots);
      clearInterval(watching);
      for (const socket of sockets) socket.destroy();
      const grew = Math.round(Math.max(before, ...rss) - before);
      run.check(grew < LIMIT_MIB, `${kind}: RSS +${grew} MiB, ${LIMIT_MIB} allowed`);
      run.check(
        probe.shots.every(({ acked }) => acked),
        `${kind}: true webhooks were not acknowledged`,
      );
      run.note(`${kind}: RSS +${grew} MiB`);
    }
    run.check(bridge.isRunning(), 'the bridge ended');
    return tally(stage, shots);
  });

function openHostile(url: string, bytes: Buffer) {
  const port = Number(new URL(url).port);
  return Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}); // cut by the bridge
    socket.resume().write(bytes);
    return socket;
  });
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

// The list page with a hundred thousand changes: what it costs the server, and how long the browser waits for it.
import { join } from 'node:path';
import { ADMIN_TOKEN } from '../contenders/shiplog.mjs';
import { startRedis } from '../redis.mjs';
import { median } from '../rounds.mjs';
import { fill } from './log.mjs';

const COUNT = 100_000;
const SPREAD_MS = 30 * 86_400_000;
/** Processor time is counted in hundredths of a second: one page alone is a few of them. */
const PAGES = 10;
const [VERSION, LOG, TIMELINE] = ['{shiplog}:changes-version', '{shiplog}:entry-changes', '{shiplog}:timeline'];
/** What the writer of a change does that is read for the page: 0.1.0 knows the version alone. */
const CHANGE = `
local entry = redis.call('HGET', KEYS[3], ARGV[1]) or 'none'
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, redis.call('INCR', KEYS[1]) .. '-0', 'before', entry, 'after', entry)`;

/** `quiet`: nothing has changed since the page before. `busy`: something has, before every page. */
const PAGE = {
  'page of all, quiet': { path: '/?range=all', isBusy: false },
  'page of all, busy': { path: '/?range=all', isBusy: true },
  'page of a day, busy': { path: '/?range=24h', isBusy: true },
};

/** @returns a run for each page; a tree and its Redis stay as they are */
export async function openPages(stage) {
  const redis = await stage.add(startRedis(join(stage.dir, 'pages'), { appendonly: 'no' }));
  const shiplog = await stage.shiplog({ redisUrl: redis.url, said: { changes: { days: 400, count: 2 * COUNT } } });
  await fill(stage, { shiplog, redis, count: COUNT, spreadMs: SPREAD_MS });
  const cookie = await logIn(shiplog);
  const see = async (path) => {
    const startedMs = performance.now();
    const answer = await fetch(`${shiplog.url}${path}`, { headers: { cookie }, redirect: 'manual' });
    const page = await answer.text();
    const isWhole = answer.status === 200 && page.includes('</html>') && page.includes('lighthouse-api');
    return { ms: performance.now() - startedMs, bytes: Buffer.byteLength(page), isWhole };
  };
  const [newest] = await redis.client.zrange('{shiplog}:changes', -1, -1);
  const measure =
    ({ path, isBusy }) =>
    async () => {
      const seen = [];
      const before = shiplog.cpuMs();
      for (let at = 0; at < PAGES; at += 1) {
        if (isBusy) await redis.client.eval(CHANGE, 3, VERSION, LOG, TIMELINE, newest);
        seen.push(await see(path));
      }
      const cpuMs = (shiplog.cpuMs() - before) / PAGES;
      const bad = seen.filter(({ isWhole }) => !isWhole).length;
      return { cpuMs, ms: median(seen.map(({ ms }) => ms)), bytes: seen.at(-1).bytes, bad };
    };
  const runs = Object.fromEntries(Object.entries(PAGE).map(([name, page]) => [name, measure(page)]));
  for (const run of Object.values(runs)) await run();
  return runs;
}

async function logIn({ url }) {
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token: ADMIN_TOKEN }),
    redirect: 'manual',
  });
  const [cookie] = answer.headers.getSetCookie();
  if (!cookie) throw new Error(`the login is answered ${answer.status}`);
  return cookie.slice(0, cookie.indexOf(';'));
}

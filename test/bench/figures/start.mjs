import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nodeFlags } from '../contenders/shiplog.mjs';
import { TOKEN } from '../payloads.mjs';
import { freePort, startProgram } from '../processes.mjs';
import { interleave, median } from '../rounds.mjs';

const GIVE_UP_MS = 30_000;
const LOOK_EVERY_MS = 5;

/** From the command until the first webhook is answered 202. Not the first start of all, which makes secrets and files. */
export const start = {
  names: ['start'],
  async measure(stage, { rounds, peers }) {
    const home = join(stage.dir, 'started');
    const contenders = [{ name: 'shiplog', run: () => startOnce(stage, home) }];
    if (peers['node-red']) contenders.push({ name: 'node-red', run: () => startPeer(stage) });
    for (const { run } of contenders) await run();
    const runs = await interleave(contenders, rounds);
    const ours = median(runs.shiplog);
    const best = runs['node-red'] && Math.min(...runs['node-red']);
    const about = 'start to first 202, second start';
    return [
      {
        about,
        most: 1,
        value: ours / 1_000,
        unit: 's',
        said: `with a Redis of its own; best ${seconds(runs.shiplog)}`,
      },
      ...(best
        ? [{ about, against: "node-red's best", most: 1.5, value: ours / best, said: `${ours | 0} to ${best | 0} ms` }]
        : []),
    ];
  },
};

const seconds = (runs) => `${(Math.min(...runs) / 1_000).toFixed(2)} s`;

/** What `npm start` runs, in this folder again and again. */
async function startOnce({ root, node }, home) {
  const port = await freePort();
  const env = { PORT: String(port), SHIPLOG_DATA_DIR: join(home, 'data'), SHIPLOG_GITLAB_SECRET: TOKEN };
  const fromMs = performance.now();
  const child = startProgram(node, [...nodeFlags(root), 'scripts/start.mjs'], { log: `${home}.log`, env, cwd: root });
  const headers = { 'x-gitlab-token': TOKEN, 'content-type': 'application/json' };
  await firstAccepted(`http://127.0.0.1:${port}/webhooks/gitlab`, { headers, child, log: `${home}.log` });
  const tookMs = performance.now() - fromMs;
  await child.stop('SIGTERM');
  return tookMs;
}

async function firstAccepted(url, { headers, child, log }) {
  const body = JSON.stringify({ object_kind: 'push' });
  const endMs = performance.now() + GIVE_UP_MS;
  while (performance.now() < endMs && child.isRunning()) {
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    if (answer?.status === 202) return;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`no webhook was answered 202: ${readFileSync(log, 'utf8').slice(-2_000)}`);
}

async function startPeer(stage) {
  const fromMs = performance.now();
  const { stop } = await stage.nodeRed();
  const tookMs = performance.now() - fromMs;
  await stop();
  return tookMs;
}

// Shiplog as a user starts it: the built files, a production environment, its log going to a file.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TOKEN } from '../payloads.mjs';
import { freePort, listening, startProgram } from '../processes.mjs';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const ADMIN_TOKEN = 'an-admin-token-for-the-bench';

/**
 * `sinks`: those of the configuration. `said`: any other of its keys. `root`: the tree that it is started from, built.
 * `node`: the runtime, by default the one that runs the bench.
 */
export async function startShiplog({
  dir,
  redisUrl,
  sinks,
  said = {},
  profileDir,
  root = ROOT,
  node = process.execPath,
}) {
  const home = mkdtempSync(join(dir, 'shiplog-'));
  const port = await freePort();
  const file = join(home, 'shiplog.yaml');
  const config = {
    port,
    data_dir: join(home, 'data'),
    redis_url: redisUrl,
    admin_token: ADMIN_TOKEN,
    sources: ['gitlab', 'bitbucket', 'argocd', 'changes-api'].map((type) => ({ type, secrets: [TOKEN] })),
    sinks,
    ...said,
  };
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const log = join(home, 'shiplog.log');
  const options = nodeFlags(root);
  if (profileDir) options.push('--cpu-prof', `--cpu-prof-dir=${profileDir}`);
  const main = join(root, 'dist', 'main.js');
  const child = startProgram(node, [...options, main, 'start'], { log, env: { SHIPLOG_CONFIG: file } });
  await listening(port, { running: child.isRunning });
  const url = `http://127.0.0.1:${port}`;
  const queues = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return [...text.matchAll(/^shiplog_queue_jobs\{queue="([^"]+)"\} (\d+)$/gm)].map(([, name, count]) => [
      name,
      +count,
    ]);
  };
  return {
    ...child,
    port,
    url,
    /** How many jobs wait in all queues together. */
    jobs: async () => (await queues()).reduce((sum, [, count]) => sum + count, 0),
    stop: () => child.stop(profileDir ? 'SIGTERM' : 'SIGKILL'), // a profile is written at a proper end
    get: (path) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
    async drained({ withinMs = 60_000 } = {}) {
      const endMs = performance.now() + withinMs;
      for (;;) {
        const left = (await queues()).filter(([, count]) => count > 0);
        if (left.length === 0) return;
        if (performance.now() > endMs) throw new Error(`after ${withinMs} ms there are left: ${left.join('; ')}`);
        await wait(50);
      }
    },
  };
}

/** Node's own flags, as that tree's `npm start` has them. */
export function nodeFlags(root) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return scripts.start.match(/--\S+/g) ?? [];
}

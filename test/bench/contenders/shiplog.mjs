// Shiplog as a user starts it: the built files, a production environment, its log going to a file.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TOKEN } from '../payloads.mjs';
import { freePort, listening, startProgram } from '../processes.mjs';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
/** Node's own, as `npm start` has them. */
const NODE_FLAGS = scripts.start.match(/--\S+/g);
export const ADMIN_TOKEN = 'an-admin-token-for-the-bench';

/** `sinks`: those of the configuration. `said`: any other of its keys. */
export async function startShiplog({ dir, redisUrl, sinks, said = {}, profileDir }) {
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
  const options = [...NODE_FLAGS];
  if (profileDir) options.push('--cpu-prof', `--cpu-prof-dir=${profileDir}`);
  const child = startProgram(process.execPath, [...options, MAIN, 'start'], { log, env: { SHIPLOG_CONFIG: file } });
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

// What every figure needs: a Redis, the destinations, the load, and the contenders as they are asked for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { startShiplog } from './contenders/shiplog.mjs';
import { TOKEN } from './payloads.mjs';
import { startScript } from './processes.mjs';
import { startRedis } from './redis.mjs';

export async function openStage() {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-bench-'));
  const redis = await startRedis(dir);
  const start = (script) => startScript(new URL(script, import.meta.url), { log: join(dir, 'scripts.log') });
  const destinations = start('./destinations.mjs');
  const { port } = await destinations.call('listen');
  const destination = `http://127.0.0.1:${port}`;
  const load = start('./load.mjs');
  const servers = new Map();
  let number = 1;
  const drive = async (name, wish) => {
    const result = await load.call(name, { from: number, ...wish });
    number = Math.max(number, result.next);
    return result;
  };
  const sinks = {
    alert24: { type: 'alert24', url: destination, api_key: TOKEN },
    gitlab: { type: 'gitlab-deployments', url: destination, token: TOKEN },
  };
  return {
    dir,
    redis,
    destinations,
    destination,
    sinks,
    /** autocannon, as fast as it is answered. */
    saturate: (wish) => drive('saturate', wish),
    /** So many a second. */
    pace: (wish) => drive('pace', wish),
    /** One of contenders/, started when it is first asked for. */
    async contender(name) {
      if (!servers.has(name)) {
        const server = start(`./contenders/${name}.mjs`);
        servers.set(name, { ...server, ...(await server.call('listen', { redisPort: redis.port, destination })) });
      }
      return servers.get(name);
    },
    shiplog: (wish = {}) => startShiplog({ dir, redisUrl: redis.url, sinks: [sinks.alert24], ...wish }),
    /** Webhooks are received, and what they tell waits. */
    async pauseRecording() {
      await pause(redis, 'record', '{shiplog}');
    },
    async pauseUsualStack() {
      await pause(redis, 'usual', 'bull');
    },
    async close() {
      await Promise.all([...servers.values(), load, destinations].map((server) => server.stop()));
      await redis.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function pause(redis, name, prefix) {
  const queue = new Queue(name, { connection: { port: redis.port }, prefix });
  await queue.pause();
  await queue.close();
}

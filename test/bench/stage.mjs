// What every figure needs: a Redis, the destinations, the load, and the contenders as they are asked for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startN8n } from './contenders/n8n.mjs';
import { startNodeRed } from './contenders/node-red.mjs';
import { ROOT, startShiplog } from './contenders/shiplog.mjs';
import { TOKEN } from './payloads.mjs';
import { startScript } from './processes.mjs';
import { emptyQueue, pauseQueue, resumeQueue } from './queues.mjs';
import { startRedis } from './redis.mjs';

/**
 * `profileDir`: Shiplog writes a profile of its processor time there when it is stopped.
 * `root`: the tree that Shiplog is started from. `node`: the runtime of Shiplog and of those that it is compared with.
 */
export async function openStage({ profileDir, root = ROOT, node = process.execPath } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-bench-'));
  const forgetFiles = () => rmSync(dir, { recursive: true, force: true });
  process.once('exit', forgetFiles); // an append-only file of a bench that failed is large
  const redis = await startRedis(dir);
  const start = (script, options = {}) =>
    startScript(new URL(script, import.meta.url), { log: join(dir, 'scripts.log'), ...options });
  const destinations = start('./destinations.mjs');
  const { port } = await destinations.call('listen');
  const destination = `http://127.0.0.1:${port}`;
  const loads = [start('./load.mjs')];
  const servers = new Map();
  const others = [];
  let number = 1;
  /** Numbers are never used twice: every request is another deployment. */
  const drive = async (name, { load = 0, ...wish }) => {
    const from = number;
    number += mostOf(wish);
    return { ...(await loads[load].call(name, { from, ...wish })), from };
  };
  const sinks = {
    alert24: { type: 'alert24', url: destination, api_key: TOKEN },
    gitlab: { type: 'gitlab-deployments', url: destination, token: TOKEN },
  };
  const open = async (name) => {
    if (name === 'node-red') return startNodeRed({ dir, destination, node });
    if (name === 'n8n') return startN8n({ dir, destination, node });
    const server = start(`./contenders/${name}.mjs`, { node });
    return { ...server, ...(await server.call('listen', { redisPort: redis.port, destination })) };
  };
  return {
    dir,
    root,
    node,
    redis,
    destinations,
    sinks,
    /** autocannon, as fast as it is answered. */
    saturate: (wish) => drive('saturate', wish),
    /** So many a second. */
    pace: (wish) => drive('pace', wish),
    /** One webhook of that kind, and what is answered. */
    once: (wish) => drive('once', { amount: 1, ...wish }),
    /** What the destinations have received so far is not counted, nor what of it arrives late. */
    forget: () => destinations.call('forget', { from: number }),
    /** A second load beside the first, `load: 1`. */
    addLoad: () => void loads.push(start('./load.mjs')),
    /** One more, which nobody else uses. */
    nodeRed: () => startNodeRed({ dir, destination, node }),
    /** One of contenders/, started when it is first asked for. */
    async contender(name) {
      if (!servers.has(name)) servers.set(name, await open(name));
      return servers.get(name);
    },
    async shiplog(wish = {}) {
      const options = { dir, redisUrl: redis.url, sinks: [sinks.alert24], profileDir, root, node, ...wish };
      const shiplog = await startShiplog(options);
      others.push(shiplog); // one that is left running would keep the bench from ending
      return shiplog;
    },
    /** Another Redis, or another script, that ends with the stage. */
    async add(opening) {
      const opened = await opening;
      others.push(opened);
      return opened;
    },
    script: (script) => start(script),
    /** Webhooks are received, and their records wait. */
    pauseRecording: () => pauseQueue(redis, 'record'),
    pauseUsualStack: () => pauseQueue(redis, 'usual', 'bull'),
    /** Throws away what a run has left for this one to do, so that it is idle while others are measured. */
    async quiet(shiplog) {
      await pauseQueue(redis, 'record');
      // Webhooks whose senders have gone come in for a while yet, and work under way makes more.
      while ((await shiplog.jobs()) > 0)
        for (const name of ['record', 'forward-alert24']) await emptyQueue(redis, name);
      await resumeQueue(redis, 'record');
      await redis.clear();
    },
    async close() {
      await Promise.all([...servers.values(), ...others, ...loads, destinations].map((server) => server.stop()));
      await redis.stop();
      process.off('exit', forgetFiles);
      forgetFiles();
    },
  };
}

/** Far above what is sent: numbers have nine digits. */
const MOST_PER_SECOND = 100_000;
const mostOf = ({ amount, seconds, warmMs = 0 }) => amount ?? (seconds + warmMs / 1_000 + 1) * MOST_PER_SECOND;

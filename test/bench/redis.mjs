// A Redis of the bench's own: append-only file, fsync every second, as Shiplog's private one.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, listening, startProgram } from './processes.mjs';

const SETTINGS = {
  bind: '127.0.0.1',
  save: '',
  appendonly: 'yes',
  appendfsync: 'everysec',
  'auto-aof-rewrite-percentage': '0', // in the middle of a figure it would be measured too
  'maxmemory-policy': 'noeviction',
};
const REWRITE_ABOVE_BYTES = 512 * 1024 * 1024;

/** `said`: settings other than the usual ones. */
export async function startRedis(dir, said = {}) {
  const port = await freePort();
  const home = join(dir, 'redis');
  mkdirSync(home, { recursive: true });
  const settings = { port: String(port), dir: home, ...SETTINGS, ...said };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = startProgram('redis-server', args, { log: join(dir, 'redis.log') });
  await listening(port, { running: server.isRunning });
  const client = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null });
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    client,
    server,
    /** Empty, and its file small again. */
    async clear() {
      await client.flushall();
      if (Number(await info(client, 'aof_current_size')) < REWRITE_ABOVE_BYTES) return;
      await client.bgrewriteaof();
      while ((await info(client, 'aof_rewrite_in_progress')) === '1') await new Promise((done) => setTimeout(done, 20));
    },
    /** How often it has read from a client: each is a round trip, with one command or with several. */
    async reads() {
      return Number(await info(client, 'total_reads_processed'));
    },
    async memoryBytes() {
      return Number(await info(client, 'used_memory'));
    },
    async stop() {
      client.disconnect();
      await server.stop();
    },
  };
}

async function info(client, field) {
  return new RegExp(`^${field}:(\\S*)`, 'm').exec(await client.info())?.[1];
}

// A Redis of the bench's own: append-only file, fsync every second, as Shiplog's private one.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, listening, startProgram } from './processes.mjs';

/** A rewrite of the file in the middle of a figure would be measured with it. */
const SETTINGS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
const NO_REWRITE = ['--auto-aof-rewrite-percentage', '0', '--maxmemory-policy', 'noeviction'];
const REWRITE_ABOVE_BYTES = 512 * 1024 * 1024;

export async function startRedis(dir) {
  const port = await freePort();
  const home = join(dir, 'redis');
  mkdirSync(home, { recursive: true });
  const args = ['--port', String(port), '--dir', home, ...SETTINGS, ...NO_REWRITE];
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

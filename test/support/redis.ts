import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { findRedisServer } from '../../src/redis/find.ts';
import { freePort } from './ports.ts';

const START_WITHIN_MS = 90_000;

/**
 * A Redis of the test's own, on a unix socket (and a loopback port) that goes away with it. Its data are on disk.
 * `said`: settings other than the usual ones.
 */
export async function startTestRedis(said: Readonly<Record<string, string>> = {}) {
  const program = await findRedisServer();
  if (!program) throw new Error('the tests need a redis-server or valkey-server; `npm test` installs one');
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-redis-'));
  const path = join(dir, 'redis.sock');
  const port = await freePort();
  const start = () => launch(program.path, { dir, unixsocket: path, port: String(port), ...said });
  let server = await start();
  return {
    address: { path },
    port,
    /** For whoever only takes a URL. */
    url: `redis://127.0.0.1:${port}/0`,
    /** As a crash or the kernel would. The data stay. */
    async kill9() {
      await exited(server, 'SIGKILL');
    },
    async restart() {
      server = await start();
    },
    /** CONFIG SET, until it is restarted. */
    async set(name: string, value: string) {
      const client = new Redis(path);
      await client.config('SET', name, value);
      client.disconnect();
    },
    /** What was on its disk is gone: the next start is an empty one. */
    loseData: () => rmSync(join(dir, 'appendonlydir'), { recursive: true, force: true }),
    /** Accepts connections and answers nothing. */
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    async stop() {
      await exited(server, 'SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, where: Record<string, string>): Promise<ChildProcess> {
  const settings = {
    bind: '127.0.0.1',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    ...where,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = spawn(program, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  // A test run that is cut short leaves no server behind.
  const reap = () => server.kill('SIGKILL');
  process.once('exit', reap);
  server.once('exit', () => process.off('exit', reap));

  const client = new Redis({
    path: where['unixsocket'] ?? '',
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => {}); // not there yet
  try {
    await vi.waitFor(
      () => {
        if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}`);
        if (client.status !== 'ready') throw new Error('redis-server does not answer');
      },
      { timeout: START_WITHIN_MS, interval: 10 },
    );
  } finally {
    client.disconnect();
  }
  return server;
}

function exited(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill(signal);
  });
}

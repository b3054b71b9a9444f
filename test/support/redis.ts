import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';

/** A Redis of the test's own, on a unix socket in a directory that goes with it. */
export async function startTestRedis() {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-redis-'));
  const path = join(dir, 'redis.sock');
  let server = await launch(dir, path);
  return {
    address: { path },
    /** As a crash or the kernel would. The data stay. */
    async kill9() {
      await exited(server, 'SIGKILL');
    },
    async restart() {
      server = await launch(dir, path);
    },
    /** Accepts connections and answers nothing. */
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    async stop() {
      server.kill('SIGCONT');
      await exited(server, 'SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function launch(dir: string, path: string): Promise<ChildProcess> {
  const settings = {
    port: '0',
    unixsocket: path,
    dir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: 'ignore' },
  );
  const client = new Redis({ path, lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {}); // not there yet
  await vi.waitFor(() => client.ping(), { timeout: 20_000 });
  client.disconnect();
  return server;
}

function exited(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill(signal);
  });
}

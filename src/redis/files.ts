import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the private Redis runs. All paths are absolute and free of links. */
export interface RedisFiles {
  readonly dir: string;
  readonly conf: string;
  readonly log: string;
  readonly pid: string;
  readonly socket: string;
  /** Settings that must never differ: a webhook that was acknowledged is on disk, and is never evicted. */
  readonly settings: Readonly<Record<string, string>>;
}

/** `redis`: on disk within a second, which a power cut costs. `fsync`: on disk before it is acknowledged. */
export type Durability = 'redis' | 'fsync';

const settingsFor = (durability: Durability) => ({
  appendonly: 'yes',
  appendfsync: durability === 'fsync' ? 'always' : 'everysec',
  'maxmemory-policy': 'noeviction',
});

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the closing zero. */
const SOCKET_PATH_BYTES = 100;
/** Then it is renamed to `.1`, which replaces the one before. */
const LOG_BYTES = 1024 * 1024;

/** Makes the directories that only this user can enter. */
export function prepareFiles(dataDir: string, durability: Durability): RedisFiles {
  mkdirSync(join(dataDir, 'redis'), { recursive: true, mode: 0o700 });
  const dir = realpathSync(join(dataDir, 'redis'));
  chmodSync(dir, 0o700);
  const near = join(dir, 'redis.sock');
  return {
    dir,
    conf: join(dir, 'redis.conf'),
    log: join(dir, 'redis.log'),
    pid: join(dir, 'redis.pid'),
    socket: Buffer.byteLength(near) <= SOCKET_PATH_BYTES ? near : join(shortDirFor(dir), 'redis.sock'),
    settings: settingsFor(durability),
  };
}

/**
 * A directory for the socket alone, when the path of the data directory is too long for one. Always the same for one
 * data directory.
 */
function shortDirFor(dir: string): string {
  const { uid } = userInfo();
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  const short = join(tmpdir(), `shiplog-${uid}-${hash}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = lstatSync(short);
  // Anyone may create names under /tmp: another owner of the directory could put a server of their own into it.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${short} must be a directory that only user ${uid} can enter: remove it and start again`);
  }
  return short;
}

/** Everything stays inside the data directory. */
export function removeFiles(files: RedisFiles): void {
  const socketDir = dirname(files.socket);
  if (socketDir !== files.dir) rmSync(socketDir, { recursive: true, force: true });
}

/** The configuration is written again at every start. */
export function writeConf(files: RedisFiles): void {
  const settings = {
    port: '0',
    unixsocket: quoted(files.socket),
    unixsocketperm: '700',
    'protected-mode': 'yes',
    daemonize: 'no',
    'set-proc-title': 'no', // so that a process list shows this file, by which a leftover is recognised
    dir: quoted(files.dir),
    pidfile: quoted(files.pid),
    logfile: quoted(files.log),
    save: '""',
    ...files.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(files.conf, `# Written by Shiplog at every start: changes made here are lost.\n${lines.join('')}`, {
    mode: 0o600,
  });
  rotateLog(files);
}

/**
 * Keeps at most twice this size. Redis opens its log for every line, so that it may be moved while it runs; never
 * throws.
 */
export function rotateLog(files: RedisFiles): void {
  try {
    if (logBytes(files) > LOG_BYTES) renameSync(files.log, `${files.log}.1`);
  } catch {
    // A log that cannot be moved continues to grow: that stops nothing.
  }
}

/** The socket of the last server that was started here. It differs when the directory for temporary files does. */
export function lastSocket(files: RedisFiles): string | undefined {
  const line = /^unixsocket "(.*)"$/m.exec(readOr(files.conf, ''))?.[1];
  return line?.replace(/\\(.)/g, '$1');
}

export function lastPid(files: RedisFiles): number | undefined {
  const pid = Number.parseInt(readOr(files.pid, ''), 10);
  return pid > 0 ? pid : undefined;
}

/** Redis says in its last lines why it ended. */
const LAST_WORDS_LINES = 8;

/** The log from `offset` on, at most its last lines. */
export function lastLogLines(files: RedisFiles, offset = 0): string {
  const lines = Buffer.from(readOr(files.log, '')).subarray(offset).toString('utf8').trimEnd().split('\n');
  return lines.slice(-LAST_WORDS_LINES).join('\n');
}

export function logBytes(files: RedisFiles): number {
  return statSync(files.log, { throwIfNoEntry: false })?.size ?? 0;
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

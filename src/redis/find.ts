import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface RedisServer {
  /** What to start: a name on the PATH, or a whole path. */
  readonly path: string;
  readonly version: string;
}

const NAMES = ['redis-server', 'valkey-server'];
/** Where packages put it although a user's PATH may not go there: Debian, source builds, Homebrew. */
const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const CANDIDATES = [...NAMES, ...FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))];

/** It only prints one line; a cold disk takes a while. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * The first Redis or Valkey server of this machine that is new enough; undefined when there is none at all.
 * @throws Error when there are only old ones: BullMQ 6 wants Redis 6.2.
 */
export async function findRedisServer(candidates: readonly string[] = CANDIDATES): Promise<RedisServer | undefined> {
  let old: RedisServer | undefined;
  for (const path of candidates) {
    const version = await versionOf(path);
    if (version === undefined) continue;
    if (isNewEnough(version)) return { path, version };
    old ??= { path, version };
  }
  if (!old) return undefined;
  throw new Error(
    `${old.path} is version ${old.version}, and Shiplog needs Redis 6.2 or newer, or any Valkey: install one, or ` +
      `set REDIS_URL to one that runs elsewhere`,
  );
}

/** Undefined when the file does not exist, or is something else. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: ANSWER_WITHIN_MS });
    return /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 2);
}

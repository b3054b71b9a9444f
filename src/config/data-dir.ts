import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'belongs to another user',
  EPERM: 'belongs to another user',
  EROFS: 'is on a read-only file system',
  ENOENT: 'cannot be made',
  ENOTDIR: 'is no directory',
  EEXIST: 'is no directory',
  ENOSPC: 'is on a full disk',
};

/**
 * Makes the data directory and checks that it is writable.
 * @throws ConfigError
 */
export function prepareDataDir(dataDir: string): void {
  try {
    makeDirectory(resolve(dataDir));
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw explainFault(cause, dataDir);
  }
}

/**
 * One after the other: `recursive` never returns where the system answers ENOENT although the directory around it
 * exists, as in /proc.
 */
function makeDirectory(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** What a failed access within the data directory means, and what to do. Any other error is returned unchanged. */
export function explainFault(cause: unknown, path: string): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = CAUSES[code];
  if (why === undefined) return cause;
  const user = `the user who runs Shiplog (uid ${process.getuid?.() ?? 'unknown'})`;
  const fix =
    code === 'ENOSPC'
      ? 'Free space on it, or set SHIPLOG_DATA_DIR to a directory on another disk'
      : `Give it to ${user}, or set SHIPLOG_DATA_DIR to a directory that this user can write`;
  return new ConfigError([`the data directory cannot be used: ${path} ${why} (${code}). ${fix}`]);
}

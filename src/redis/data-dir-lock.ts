import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startOf } from './processes.ts';

export interface DataDirLock {
  release(): void;
}

const Holder = z.object({ pid: z.int().positive(), startedAt: z.string(), host: z.string() });

/**
 * The holder touches the file this often, for those that cannot see its process: another container, another machine.
 */
const TOUCH_EVERY_MS = 10_000;
const SILENT_AFTER_MS = 3 * TOUCH_EVERY_MS; // a busy holder may be late twice
/** Creating the file and writing into it are two steps; one that stays empty longer was left by a crash. */
const WRITTEN_WITHIN_MS = 2_000;
/** Another try is needed only when another bridge removed the same stale lock at that moment. */
const TRIES = 5;

/**
 * One bridge a data directory: two would write into each other's files.
 * The lock of a process that is dead is taken over, also when another process has its id by now.
 * @throws Error when another bridge has it.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  const path = join(dataDir, 'bridge.lock');
  const content = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) ?? '', host: hostname() });
  for (let tries = 0; tries < TRIES; tries++) {
    if (create(path, content)) return hold(path, content);
    const text = read(path);
    if (text === undefined) continue; // released just now
    const holder = runningHolder(path, text);
    if (holder) {
      throw new Error(
        `the data directory ${dataDir} is in use by ${holder}: stop that bridge, or give this one a data ` +
          `directory of its own: SHIPLOG_DATA_DIR=./data2 PORT=8081 npm start`,
      );
    }
    takeAway(path, text);
  }
  throw new Error(`the lock ${path} changes hands all the time: are several bridges being started?`);
}

function hold(path: string, content: string): DataDirLock {
  const touch = setInterval(() => {
    try {
      if (read(path) === content) utimesSync(path, new Date(), new Date());
    } catch {
      // A full or read-only disk is reported by those who write data.
    }
  }, TOUCH_EVERY_MS);
  touch.unref();
  return {
    release() {
      clearInterval(touch);
      if (read(path) === content) rmSync(path, { force: true });
    },
  };
}

/** Who holds the lock, in words; undefined when nobody does any more. */
function runningHolder(path: string, text: string): string | undefined {
  const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const parsed = Holder.safeParse(parseOrUndefined(text));
  if (!parsed.success) return ageMs < WRITTEN_WITHIN_MS ? 'a bridge that is just starting' : undefined;
  const { pid, startedAt, host } = parsed.data;
  if (host !== hostname()) return ageMs < SILENT_AFTER_MS ? `a bridge on ${host}` : undefined;
  return startOf(pid) === startedAt ? `process ${pid}` : undefined;
}

function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the stale lock away. If another bridge was quicker, it was its lock that was moved: that one is moved back. */
function takeAway(path: string, stale: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another bridge took it away
  }
  const moved = read(aside);
  if (moved !== undefined && moved !== stale) create(path, moved);
  rmSync(aside, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

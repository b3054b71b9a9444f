import { spawn } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockDataDir } from './data-dir-lock.ts';
import { findRedisServer } from './find.ts';

const MANIFEST = 'appendonly.aof.manifest';

/**
 * Truncates the append-only file of the private Redis where it is damaged, so that it starts again; a copy is kept.
 * What came after the damage is lost: `shiplog backfill` asks the tools for it.
 * @returns what was done, in sentences
 * @throws Error while a bridge uses the directory, or when it cannot be done
 */
export async function repairRecords(dataDir: string, now: Date): Promise<readonly string[]> {
  const records = join(dataDir, 'redis', 'appendonlydir');
  if (!existsSync(join(records, MANIFEST))) return [`there are no records of a private Redis in ${dataDir}`];
  const lock = lockDataDir(dataDir);
  try {
    const copy = `${records}.before-${now.toISOString().replaceAll(':', '-').slice(0, 19)}`;
    cpSync(records, copy, { recursive: true });
    const { code, output } = await check(join(records, MANIFEST));
    if (code !== 0)
      throw new Error(`redis-check-aof could not repair the records; a copy is ${copy}. It says:\n${output}`);
    return [`the records are repaired; what was there before is kept in ${copy}`, ...lastLines(output)];
  } finally {
    lock.release();
  }
}

/** It comes with every redis-server, beside it or on the PATH. */
async function check(manifest: string): Promise<{ code: number | null; output: string }> {
  const server = await findRedisServer();
  const beside = server?.path.includes('/') ? join(dirname(server.path), 'redis-check-aof') : 'redis-check-aof';
  const child = spawn(beside, ['--fix', manifest], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => {}); // it asks only when something is damaged
  child.stdin.end('y\n');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error('there is no redis-check-aof here; it comes with redis-server', { cause })),
    );
    child.once('close', (exit) => resolve(exit));
  });
  return { code, output };
}

/** The verdict of the repair is at its end. */
const LAST_LINES = 3;
const lastLines = (output: string): string[] => output.trim().split('\n').slice(-LAST_LINES);

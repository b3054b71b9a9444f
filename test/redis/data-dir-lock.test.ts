import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from '../../src/redis/data-dir-lock.ts';
import { startOf } from '../../src/redis/processes.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-lock-'));
  path = join(dir, 'bridge.lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const holder = (said: object) =>
  JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid), host: hostname(), ...said });

describe('the lock of a data directory', () => {
  it('is refused while its holder lives, with a message that names the holder and what to do', () => {
    const lock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(
      `the data directory ${dir} is in use by process ${process.pid}: stop that bridge, or give this one a data directory of its own`,
    );
    lock.release();
    lockDataDir(dir).release();
    expect(existsSync(path)).toBe(false);
  });

  it('is taken over from a dead process', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    writeFileSync(path, holder({ pid: child.pid, startedAt: startOf(child.pid ?? 0) }));
    expect(() => lockDataDir(dir)).toThrow(`in use by process ${child.pid}`);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    lockDataDir(dir).release();
  });

  it('is taken over when another process has the id of the dead one', () => {
    writeFileSync(path, holder({ startedAt: 'an earlier boot 4711' }));
    expect(() => lockDataDir(dir).release()).not.toThrow();
  });

  it('of another machine or container is valid while its file is touched', () => {
    writeFileSync(path, holder({ host: 'harbor-2' }));
    expect(() => lockDataDir(dir)).toThrow('in use by a bridge on harbor-2');
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(path, minuteAgo, minuteAgo);
    lockDataDir(dir).release();
  });

  it('that a crash left empty expires', () => {
    writeFileSync(path, '');
    expect(() => lockDataDir(dir)).toThrow('in use by a bridge that is just starting');
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(path, minuteAgo, minuteAgo);
    lockDataDir(dir).release();
  });

  it('of another bridge is not removed by a late release', () => {
    const lock = lockDataDir(dir);
    writeFileSync(path, holder({ pid: 1 }));
    lock.release();
    expect(readFileSync(path, 'utf8')).toBe(holder({ pid: 1 }));
  });
});

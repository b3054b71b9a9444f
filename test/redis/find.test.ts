import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findRedisServer } from '../../src/redis/find.ts';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-find-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function program(name: string, says: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const old = program('old', 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=a3fdef44459b3ad6');
const oldest = program('oldest', 'Redis server v=6.2.0 sha=00000000:0 malloc=libc bits=64 build=0');
const valkey = program('valkey', 'Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0');

describe('finding a Redis server', () => {
  it('finds the one of this machine', async () => {
    expect(await findRedisServer()).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  it('uses the first that is new enough, even a Valkey after an old Redis', async () => {
    expect(await findRedisServer([join(dir, 'absent'), old, valkey, oldest])).toEqual({
      path: valkey,
      version: '8.1.1',
    });
  });

  it('takes 6.2.0', async () => {
    expect(await findRedisServer([oldest])).toEqual({ path: oldest, version: '6.2.0' });
  });

  it('finds nothing if none is installed', async () => {
    expect(await findRedisServer([join(dir, 'absent'), program('other', 'hello')])).toBeUndefined();
  });

  it('reports the problem if all are too old', async () => {
    await expect(findRedisServer([old])).rejects.toThrow(/is version 6\.0\.16, and Shiplog needs Redis 6\.2/);
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alone, checkDescriptors } from '../../scripts/prepare.mjs';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-alone-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('two starts in one checkout', () => {
  it('prepare it one after another', async () => {
    const file = join(dir, 'lock');
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
      seen.push(`${name} ends`);
    };
    await Promise.all([alone(work('one'), file), alone(work('two'), file)]);
    expect(seen).toHaveLength(4);
    for (const at of [0, 2]) expect(seen[at]?.replace('begins', 'ends')).toBe(seen[at + 1]);
    expect(existsSync(file)).toBe(false);
  });

  it('do not wait for a killed one, and leave no lock after a failure', async () => {
    const file = join(dir, 'lock');
    writeFileSync(file, '2147483646');
    expect(await alone(async () => 'done', file)).toBe('done');
    await expect(
      alone(async () => {
        throw new Error('npm ci failed');
      }, file),
    ).rejects.toThrow('npm ci failed');
    expect(existsSync(file)).toBe(false);
    expect(await alone(async () => 'read-only', join(dir, 'missing', 'lock'))).toBe('read-only');
  });
});

it('a start reports that there are too few file descriptors, and what to do', () => {
  const limits = join(dir, 'limits');
  writeFileSync(
    limits,
    'Limit   Soft Limit   Hard Limit   Units\nMax open files            128                  128                  files\n',
  );
  expect(() => checkDescriptors(limits)).toThrow(
    /needs 256 file descriptors or more; this process may have 128\. .*ulimit -n/,
  );
  writeFileSync(limits, 'Max open files            1024                 4096                 files\n');
  checkDescriptors(limits);
  checkDescriptors(join(dir, 'missing'));
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainFault, prepareDataDir } from '../../src/config/data-dir.ts';
import { openSecrets } from '../../src/config/generated-secrets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-data-dir-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a data directory that cannot be used', () => {
  it('is named, with the cause and what to do', () => {
    const file = join(dir, 'data');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')])
      expect(() => prepareDataDir(path)).toThrow(
        /^the data directory cannot be used: \S+ .* \(E\w+\)\. .*SHIPLOG_DATA_DIR/,
      );
  });

  it.skipIf(process.platform !== 'linux')('is told where the system makes none, instead of trying forever', () => {
    expect(() => prepareDataDir('/proc/shiplog/data')).toThrow(/the data directory cannot be used: .* cannot be made/);
  });

  it.each(['EACCES', 'EROFS', 'EPERM'])('is recognised by %s', (code) => {
    expect(explainFault(Object.assign(new Error('no'), { code }), dir)).toMatchObject({ name: 'ConfigError' });
  });

  it('is on a full disk: space is what it needs', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(explainFault(full, dir)).toMatchObject({
      message: expect.stringMatching(/is on a full disk \(ENOSPC\)\. Free space on it, or set SHIPLOG_DATA_DIR/),
    });
  });

  it('is created if it is missing', () => {
    prepareDataDir(join(dir, 'a', 'b'));
    expect(() => prepareDataDir(join(dir, 'a', 'b'))).not.toThrow();
  });

  it('keeps secrets that cannot be read, instead of generating others', () => {
    const link = join(dir, 'secrets.json');
    rmSync(link, { force: true });
    writeFileSync(join(dir, 'file'), '');
    // A path through a file cannot be read, whoever asks: root reads what belongs to others.
    expect(() => openSecrets(join(dir, 'file'))).toThrow(/the data directory cannot be used/);
  });
});

import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSpool, type Spool, SpoolFull } from '../../src/spool/spool.ts';

let dir: string;
let torn: number[];
const opened: Spool[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-spool-'));
  torn = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((spool) => spool.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function start(maxBytes = 1_000_000): Promise<Spool> {
  const spool = await openSpool({ dir, maxBytes, onTorn: (_, line) => torn.push(line), clock: () => new Date() });
  opened.push(spool);
  return spool;
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => JSON.stringify({ index, text: 'é\n"' }));
const fileIn = (directory: string) => join(directory, readdirSync(directory)[0] ?? '');

async function drained(spool: Spool): Promise<string[]> {
  const taken: string[] = [];
  await spool.drain(async (batch) => void taken.push(...batch));
  return taken;
}

describe('the spool', () => {
  it('hands over everything in order, and is then empty', async () => {
    const spool = await start();
    await Promise.all(texts(200).map((text) => spool.append(text)));
    expect(spool.state()).toMatchObject({ entries: 200, since: expect.any(String) });
    expect(await drained(spool)).toEqual(texts(200));
    expect(spool.state()).toEqual({ entries: 0, bytes: 0 });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is kept over a restart', async () => {
    const before = await start();
    for (const text of texts(3)) await before.append(text);
    const after = await start();
    expect(after.state().entries).toBe(3);
    expect(await drained(after)).toEqual(texts(3));
  });

  it('reports and skips an incomplete last line', async () => {
    const before = await start();
    for (const text of texts(3)) await before.append(text);
    const whole = readFileSync(fileIn(dir));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let length = lastLine + 1; length < whole.length - 1; length++) {
      writeFileSync(fileIn(dir), whole);
      truncateSync(fileIn(dir), length);
      torn = [];
      const taken: string[] = [];
      await (await start()).drain(async (batch) => void taken.push(...batch)).finally(() => {});
      expect(taken).toEqual(texts(2));
      expect(torn).toEqual([3]);
      writeFileSync(join(dir, '1700000000000-000000.spool'), whole);
    }
  });

  it('skips a damaged line and hands over those after it', async () => {
    const before = await start();
    for (const text of texts(3)) await before.append(text);
    const path = fileIn(dir);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"index":1', '"index":7'));
    expect(await drained(await start())).toEqual([texts(3)[0], texts(3)[2]]);
    expect(torn).toEqual([2]);
  });

  it('keeps a refused batch, with all that follows, for the next time', async () => {
    const spool = await start();
    await Promise.all(texts(250).map((text) => spool.append(text)));
    let batches = 0;
    const refusing = spool.drain(async () => {
      batches += 1;
      if (batches === 2) throw new Error('away again');
    });
    await expect(refusing).rejects.toThrow('away again');
    expect(spool.state().entries).toBe(150);
    expect(await drained(spool)).toEqual(texts(250).slice(100));
  });

  it('makes progress with a Redis that accepts only few at a time', async () => {
    const spool = await start();
    await Promise.all(texts(250).map((text) => spool.append(text)));
    const taken: string[] = [];
    const most = 3;
    const takeFew = async (batch: readonly string[]) => {
      if (batch.length > most) throw new Error('not in time');
      taken.push(...batch);
    };
    for (let drains = 0; spool.state().entries > 0 && drains < 250; drains++)
      await spool.drain(takeFew).catch(() => {});
    expect(taken).toEqual(texts(250));
    expect(readdirSync(dir)).toEqual([]);
  });

  it('accepts more while it is drained, and loses nothing', async () => {
    const spool = await start();
    const [first = '', second = ''] = texts(2);
    await spool.append(first);
    await spool.drain(async () => spool.append(second));
    expect(await drained(spool)).toEqual([second]);
  });

  it('refuses what exceeds its limit', async () => {
    const spool = await start(60);
    await spool.append('"fits"');
    await expect(spool.append(JSON.stringify('x'.repeat(60)))).rejects.toBeInstanceOf(SpoolFull);
    appendFileSync(join(dir, 'somebody-elses.txt'), 'left alone');
    expect(await drained(await start())).toEqual(['"fits"']);
  });

  it('reports whether it accepts more, without a trace of the check', async () => {
    const spool = await start(20_000);
    expect(await spool.whyNot()).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
    await spool.append('x'.repeat(3_000));
    expect(await spool.whyNot()).toBeUndefined();
    await spool.append('y'.repeat(3_000));
    expect(await spool.whyNot()).toMatch(/full/);
    expect(await drained(spool)).toEqual(['x'.repeat(3_000), 'y'.repeat(3_000)]);
    expect(torn).toEqual([]);
    rmSync(dir, { recursive: true });
    expect(await spool.whyNot()).toMatch(/cannot be written: ENOENT/);
  });
});

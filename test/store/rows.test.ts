import { describe, expect, it } from 'vitest';
import { createRows } from '../../src/store/rows.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

const rows = () => createRows(redis);
const add = (table: string, slot: string, row: unknown) => rows().add(table, { slot, after: undefined, row });

describe('rows', () => {
  it('get increasing numbers: one for all tables, one for each', async () => {
    const numbers = [await add('a', 'x', 1), await add('b', 'x', 2), await add('a', 'y', { s: '1 2' })];
    expect(numbers).toEqual([
      { id: 1, iid: 1, row: 1 },
      { id: 2, iid: 1, row: 2 },
      { id: 3, iid: 2, row: { s: '1 2' } },
    ]);
    expect(await rows().list('a')).toEqual([numbers[0], numbers[2]]);
    expect(await rows().get('a', 3)).toEqual(numbers[2]);
    expect(await rows().get('a', 2)).toBeUndefined();
  });

  it('are added once by concurrent senders', async () => {
    const added = await Promise.all(Array.from({ length: 20 }, (_, at) => add('a', 'x', at)));
    expect(added.filter((row) => row !== undefined)).toHaveLength(1);
    const newest = await rows().newest('a', 'x');
    expect(await rows().add('a', { slot: 'x', after: newest, row: 'next' })).toMatchObject({ id: 2, row: 'next' });
  });

  it('are only replaced and removed if they are unchanged', async () => {
    const row = await add('a', 'x', 'old');
    if (!row) throw new Error('not added');
    expect(await rows().replace('a', row, 'new')).toBe(true);
    expect(await rows().replace('a', row, 'newer')).toBe(false);
    expect(await rows().remove('a', { slot: 'x', known: row })).toBe(false);
    expect(await rows().remove('a', { slot: 'x', known: { ...row, row: 'new' } })).toBe(true);
    expect(await rows().newest('a', 'x')).toBeUndefined();
    expect(await add('a', 'x', 'another')).toMatchObject({ id: 2 });
  });

  it('that came with a webhook are written under their number, also twice', async () => {
    await add('a', 'x', 'first');
    const kept = { table: 'a', slot: 'x', id: 1_700_000_000_000_123, iid: 1_700_000_000_000_123, row: 'late' };
    await rows().put(kept);
    await rows().put(kept);
    expect(await rows().list('a')).toHaveLength(2);
    expect(await rows().newest('a', 'x')).toMatchObject({ id: kept.id, row: 'late' });
    expect(await rows().add('a', { slot: 'x', after: await rows().newest('a', 'x'), row: 'next' })).toBeDefined();
  });

  it('that arrive late from the spool are not the newest, and overwrite nothing', async () => {
    const given = { table: 'a', slot: 'x', id: 1_700_000_000_000_123, iid: 1_700_000_000_000_123 };
    const row = (minute: number, status = 'success') => ({
      environment: 'x","created_at":"2099-01-01T00:00:00.000Z',
      status,
      created_at: `2026-05-04T10:0${minute}:00.000Z`,
      updated_at: `2026-05-04T10:0${minute}:00.000Z`,
    });
    const next = await add('a', 'x', row(2));
    await rows().put({ ...given, row: row(1) });
    expect(await rows().newest('a', 'x')).toEqual(next);
    await rows().put({ ...given, row: row(0, 'running') });
    expect(await rows().get('a', given.id)).toMatchObject({ row: { status: 'success' } });
  });

  it('are deleted: the oldest beyond the limit, all after a while', async () => {
    for (let at = 0; at < 1_010; at += 1) await add('a', String(at), at);
    expect(await rows().list('a')).toHaveLength(1_000);
    expect(await rows().newest('a', '0')).toBeUndefined();
    expect(await add('a', '0', 'again')).toBeDefined();
    for (const name of await redis.keys('*'))
      if (!name.endsWith('rows-last-id')) expect(await redis.ttl(name)).toBeGreaterThan(0);
  });
});

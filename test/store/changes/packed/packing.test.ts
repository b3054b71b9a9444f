import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../../../src/domain/change-record.ts';
import { fold } from '../../../../src/domain/fold.ts';
import { route } from '../../../../src/domain/rules/routing.ts';
import { createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments } from '../../../../src/store/changes/deployments.ts';
import { createPacker } from '../../../../src/store/changes/packed/packer.ts';
import { pack as packAll, unpack, viewOf } from '../../../../src/store/changes/packed/packing.ts';
import { keys } from '../../../../src/store/keys.ts';
import { alone, aRecord } from '../../../support/records.ts';
import { useRedis } from '../../../support/use-redis.ts';
import { readFixture } from '../../../upgrade/load-fixture.ts';

const redis = useRedis();

const open = () =>
  createChangeLog(createDeployments(redis, { days: 30, count: 100 }), (key: string, records: readonly ChangeRecord[]) =>
    alone({ ...route(fold(key, records), []), lineage: 'lighthouse', heardAt: '2026-03-14T20:50:00.000Z' }),
  );
const pack = () => createPacker(redis, 0).packSome();
const everything = { facets: {}, limit: 100, offset: 0 };
const isPacked = async (name: string) =>
  (await redis.exists(keys.deployment(name))) === 0 && (await redis.keys(keys.packed('*'))).length > 0;

/** Two steps of one deployment, with an alias. */
async function fill() {
  const deployments = open();
  const common = { deployment: 'job:1', aliases: ['deployment:1'] };
  await deployments.apply(aRecord({ ...common, state: 'running', occurredAt: '2026-03-14T20:49:00.000Z' }));
  await deployments.apply(aRecord({ ...common, actor: 'mira 🚢 "\\n"' }));
  return deployments;
}

describe('fields', () => {
  it('are identical after unpacking, whatever they contain', () => {
    const json = fc.jsonValue().map((value) => JSON.stringify(value));
    const fields = fc.record({
      view: fc.object().map((value) => JSON.stringify({ ...value, lineage: 'lighthouse' })),
      indexes: fc.array(fc.stringMatching(/^[a-z:ü ]+$/)).map((lines) => lines.join('\n')),
      records: fc.dictionary(fc.stringMatching(/^chg_[0-9a-f]{8}$/), json),
      name: fc.string({ unit: 'grapheme' }),
      untilMs: fc.nat(),
      firstOccurrence: fc.string(),
      aliases: fc.array(fc.string()),
      deliveries: fc.array(
        fc.record(
          {
            sink: fc.string(),
            ledger: fc.dictionary(fc.stringMatching(/^[a-z_]+$/), fc.string()),
            attempts: fc.array(json),
            ownerUntilMs: fc.integer({ min: 1 }),
            echo: fc.constantFrom('1', 'cccccccc'),
          },
          { requiredKeys: ['sink', 'ledger', 'attempts'] },
        ),
      ),
    });
    fc.assert(
      fc.property(fields, (given) => {
        const packed = packAll(given);
        expect(unpack(packed)).toEqual(JSON.parse(JSON.stringify(given)));
        expect(viewOf(packed)).toBe(given.view);
      }),
    );
  });

  it('are packed to a fifth', () => {
    const { keys: fixture } = readFixture('test/upgrade/format-1');
    const hashes = fixture.filter(({ key }) => key.startsWith(keys.deployment('')));
    expect(hashes).toHaveLength(8);
    for (const { value } of hashes) {
      const { view = '', in: indexes = '', ...records } = Object.fromEntries(value as [string, string][]);
      const bytes = JSON.stringify([view, indexes, records]).length;
      const none = { name: 'job:1', untilMs: 0, aliases: [], deliveries: [] };
      expect(packAll({ ...none, view, indexes, records }).length).toBeLessThan(bytes / 5);
    }
  });
});

describe('a packed deployment', () => {
  it('is read as before: by key and alias, in lists, searches and the timeline, with its records', async () => {
    const deployments = await fill();
    const read = async () => [
      await deployments.get('job:1'),
      await deployments.get('deployment:1'),
      (await deployments.records('deployment:1')).toSorted((a, b) => a.id.localeCompare(b.id)),
      await deployments.list(everything),
      await deployments.list({ ...everything, text: 'mira' }),
      await deployments.list({ ...everything, facets: { environment: 'production', status: 'succeeded' } }),
      (await deployments.timeline({ facets: {} })).map((dot) => dot.entry()),
    ];
    const before = await read();
    const ttl = await redis.ttl(keys.deployment('job:1'));
    expect(await pack()).toBe(1);
    expect(await isPacked('job:1')).toBe(true);
    expect(await read()).toEqual(before);
    expect(await pack()).toBe(0);
    await deployments.stored('deployment:1');
    expect(await redis.ttl(keys.deployment('job:1'))).toBeGreaterThan(ttl - 5);
    expect(await read()).toEqual(before);
  });

  it('accepts further steps, once each, and is in the right indexes', async () => {
    const deployments = await fill();
    await pack();
    const repeat = aRecord({ deployment: 'job:1', aliases: ['deployment:1'], actor: 'mira 🚢 "\\n"' });
    expect(await deployments.apply(repeat)).toMatchObject({ added: false });
    await pack();
    const failed = aRecord({ deployment: 'job:1', state: 'failed', occurredAt: '2026-03-14T21:10:00.000Z' });
    const applied = await Promise.all([deployments.apply(failed), deployments.apply(failed), pack()]);
    expect(applied.slice(0, 2).filter((one) => typeof one === 'object' && one.added)).toHaveLength(1);
    const of = async (status: string) => (await deployments.list({ ...everything, facets: { status } })).total;
    expect([await of('succeeded'), await of('failed')]).toEqual([0, 1]);
    expect(await deployments.records('job:1')).toHaveLength(3);
  });

  it('is evaluated again when the rules change, and deleted completely', async () => {
    const deployments = await fill();
    await pack();
    await deployments.refresh('job:1');
    expect(await isPacked('job:1')).toBe(false);
    await pack();
    await deployments.prune({ nowMs: Date.parse('2027-06-01'), share: 1 });
    const staying = [keys.changesVersion(), keys.entryChanges(), keys.lastPackedId(), keys.packingSince()];
    const newestTexts = [keys.textIndex('0'), keys.textParts()];
    expect((await redis.keys('*')).sort()).toEqual([...staying, ...newestTexts]);
  });

  it('is packed only after its end and a day without signals', async () => {
    const deployments = open();
    await deployments.apply(aRecord({ deployment: 'job:1', state: 'running' }));
    expect(await pack()).toBe(0);
    await fill();
    expect(await createPacker(redis, 10_000 * 86_400_000).packSome()).toBe(0);
  });

  it('is not packed in the first day of a release that packs, to allow a downgrade', async () => {
    await fill();
    expect(await createPacker(redis).packSome()).toBe(0);
    expect(Number(await redis.get(keys.packingSince()))).toBeGreaterThan(0);
    await redis.set(keys.packingSince(), 1);
    expect(await createPacker(redis).packSome()).toBe(1);
  });
});

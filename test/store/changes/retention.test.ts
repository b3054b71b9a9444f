import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { route } from '../../../src/domain/rules/routing.ts';
import { noFlush } from '../../../src/queue/flush.ts';
import { createChangeLog } from '../../../src/recording/change-log.ts';
import { createDeployments } from '../../../src/store/changes/deployments.ts';
import { rememberSinks } from '../../../src/store/changes/retention.ts';
import { createEchoes } from '../../../src/store/deliveries/echoes.ts';
import { createLedger } from '../../../src/store/deliveries/ledger.ts';
import { keys } from '../../../src/store/keys.ts';
import { alone, aRecord } from '../../support/records.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const NOW = Date.parse('2027-06-01T00:00:00.000Z');
const open = (count = 1_000, over: { readonly droppedBy?: string } = {}) =>
  createChangeLog(createDeployments(redis, { days: 30, count }), (key: string, records: readonly ChangeRecord[]) =>
    alone({
      ...route(fold(key, records), []),
      lineage: 'lighthouse',
      heardAt: '2026-03-14T20:50:00.000Z',
      ...over,
    }),
  );
const fill = async (count: number) => {
  const deployments = open();
  for (let n = 0; n < count; n++)
    await deployments.apply(
      aRecord({
        deployment: `job:${n}`,
        aliases: [`deployment:${n}`],
        occurredAt: new Date(Date.parse('2026-03-01T00:00:00.000Z') + n * 60_000).toISOString(),
        ref: `branch-${n}`,
      }),
    );
};
/** Whatever holds something of a deployment; the last changes are gone after a day. */
const VERSIONS = [keys.changesVersion(), keys.entryChanges()];
const leftOf = async () => (await redis.keys('*')).filter((key) => !VERSIONS.includes(key)).sort();

describe('retention', () => {
  it('removes all data of a deployment, even at a sink that is no longer configured', async () => {
    await fill(1);
    const echoes = createEchoes(redis, 3_600);
    await rememberSinks(redis, ['forge']);
    const ledger = createLedger(redis, { echoes, clock: () => new Date(NOW), keepSeconds: 3_600, safety: noFlush });
    const echo = { project: 'Harbor/Lighthouse', environment: 'production', sha: 'a'.repeat(40) };
    await ledger.exclusive({ sink: 'forge', deployment: 'job:0', echo }, async (entry) => {
      await entry.attempting();
      await entry.claim('9');
      await entry.attempted({ state: 'succeeded', outcome: 'failed', words: 'no answer' });
      await entry.delivered({ state: 'succeeded', at: '2026-03-01T00:00:00.000Z' }, { message: 'made', remoteId: '9' });
    });
    expect((await leftOf()).length).toBeGreaterThan(15);
    expect(await open().prune({ nowMs: NOW })).toBe(1);
    expect(await leftOf()).toEqual([keys.feed(), keys.sinks()].sort());
  });

  it('keeps an alias of another deployment', async () => {
    const { apply } = open();
    await apply(aRecord({ deployment: 'job:new', aliases: ['shared'], occurredAt: '2027-05-31T00:00:00.000Z' }));
    await apply(aRecord({ deployment: 'job:old', aliases: ['shared'], occurredAt: '2026-03-01T00:00:00.000Z' }));
    await open().prune({ nowMs: NOW, share: 1 });
    expect((await open().get('shared'))?.deployment.key).toBe('job:new');
    expect(await open().get('job:old')).toBeUndefined();
  });

  it('removes deployments that expired while no bridge ran from every index', async () => {
    await fill(3);
    await redis.del(keys.deployment('job:0'), keys.deployment('job:1'));
    await open().prune({ nowMs: NOW, share: 1 });
    const aliases = [keys.alias('deployment:0'), keys.alias('deployment:1')]; // they end by themselves
    expect(await leftOf()).toEqual(aliases);
    for (const alias of aliases) expect(await redis.ttl(alias)).toBeGreaterThan(0);
  });

  it('removes at most a twentieth for its age at a time, by the clock of Redis, and all of it in the end', async () => {
    await fill(60);
    expect(await open().prune({ nowMs: NOW })).toBe(3);
    let runs = 1;
    while ((await open().prune({ nowMs: NOW })) > 0) runs += 1;
    expect(runs).toBeLessThan(60);
    expect(await redis.exists(keys.changes())).toBe(0);
    await fill(1); // of a time that is long past by Redis' clock
    expect(await createDeployments(redis, { days: 10_000, count: 10 }).prune()).toBe(0);
    expect(await createDeployments(redis, { days: 10, count: 10 }).prune()).toBe(1);
  });

  it('removes those beyond the maximum number at once, even in a full Redis', async () => {
    await fill(20);
    await redis.config('SET', 'maxmemory', '1');
    try {
      expect(await open(5).prune({ nowMs: Date.parse('2026-03-02T00:00:00.000Z') })).toBe(15);
      expect(await redis.zcard(keys.changes())).toBe(5);
      expect((await redis.keys(keys.deployment('*'))).length).toBe(5);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
  });

  it('deletes dropped deployments, too', async () => {
    const { apply } = open(1_000, { droppedBy: 'no lamps' });
    await apply(aRecord({ deployment: 'job:1', occurredAt: '2026-03-01T00:00:00.000Z' }));
    expect(await redis.exists(keys.deployment('job:1'), keys.dropped())).toBe(2);
    expect(await open().prune({ nowMs: NOW })).toBe(1);
    expect(await redis.exists(keys.deployment('job:1'), keys.dropped())).toBe(0);
  });
});

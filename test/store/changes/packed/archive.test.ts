import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../../../src/domain/change-record.ts';
import { noFlush } from '../../../../src/queue/flush.ts';
import { createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments } from '../../../../src/store/changes/deployments.ts';
import { createJoinGroups } from '../../../../src/store/changes/join-groups.ts';
import { createPacker } from '../../../../src/store/changes/packed/packer.ts';
import { rememberSinks } from '../../../../src/store/changes/retention.ts';
import { createEchoes } from '../../../../src/store/deliveries/echoes.ts';
import { createLedger } from '../../../../src/store/deliveries/ledger.ts';
import { keys } from '../../../../src/store/keys.ts';
import { alone, aRecord, plainView } from '../../../support/records.ts';
import { useRedis } from '../../../support/use-redis.ts';

const redis = useRedis();

const SINKS = ['alert24', 'forge'] as const;
const RETENTION = { days: 30, count: 100 };
const ECHO = { project: '77', environment: 'production', sha: 'a'.repeat(40) };
const NOW = '2026-03-14T20:51:00.000Z';

function open() {
  const judge = (key: string, records: readonly ChangeRecord[]) =>
    alone({ ...plainView(key, records), lineage: 'lighthouse' });
  const changeLog = createChangeLog(createDeployments(redis, RETENTION), judge);
  const echoes = createEchoes(redis, 3_600);
  const ledger = createLedger(redis, { echoes, clock: () => new Date(NOW), keepSeconds: 3_600, safety: noFlush });
  return { changeLog, echoes, ledger, joins: createJoinGroups(redis) };
}
const pack = () => createPacker(redis, 0).packSome();

type Store = ReturnType<typeof open>;

async function deliver({ ledger }: Store, deployment: string, remoteId: string) {
  for (const sink of SINKS)
    await ledger.exclusive({ sink, deployment, ...(sink === 'forge' && { echo: ECHO }) }, async (entry) => {
      if (entry.known.delivered) return;
      await entry.attempting();
      await entry.claim(remoteId);
      await entry.delivered({ state: 'succeeded', at: NOW }, { message: '201 created', status: 201, remoteId });
    });
}

/** A deployment that was delivered twice and delivered to two. */
async function fill(store: Store, number = 1) {
  const common = { deployment: `job:${number}`, aliases: [`deployment:${number}`], occurrence: `${500 + number}` };
  await store.changeLog.apply(aRecord({ ...common, state: 'running', occurredAt: '2026-03-14T20:49:00.000Z' }));
  await store.changeLog.apply(aRecord(common));
  await deliver(store, `job:${number}`, `remote-${number}`);
}

const families = async () =>
  new Set((await redis.keys('*')).map((key) => key.replace(/^\{shiplog\}:/, '').replace(/:.*/, '')));

describe('a packed deployment in Redis', () => {
  it('needs one key, and is found by all its names', async () => {
    const store = open();
    await rememberSinks(redis, SINKS);
    await fill(store);
    const read = async () => ({
      told: await Promise.all(SINKS.map((sink) => store.ledger.read(sink, 'job:1'))),
      found: await Promise.all(SINKS.map((sink) => store.ledger.find(sink, 'remote-1'))),
      byAlias: (await store.changeLog.get('deployment:1'))?.deployment.key,
      isOurs: await store.echoes.isOurs({ projects: ['77'], deploymentId: 'remote-1', environment: 'production' }),
    });
    const before = await read();
    expect(before).toMatchObject({ found: ['job:1', 'job:1'], byAlias: 'job:1', isOurs: true });
    expect(await pack()).toBe(1);
    expect(await read()).toEqual(before);
    const left = await families();
    for (const gone of ['change', 'occurrence', 'alias', 'ledger', 'attempts', 'remote', 'echo'])
      expect(left, gone).not.toContain(gone);
  });

  it('is unpacked when it is written to', async () => {
    const store = open();
    await rememberSinks(redis, SINKS);
    await fill(store);
    const dump = async () => {
      const all = (await redis.keys('*')).filter(
        (key) => !/feed|changes-version|entry-changes|packed-last-id|packing-since|changes-query|text-/.test(key),
      );
      return Promise.all(
        all.sort().map(async (key) => [key, (await redis.type(key)) === 'string' ? await redis.get(key) : ''] as const),
      );
    };
    const before = await dump();
    await pack();
    await deliver(store, 'job:1', 'another');
    expect(await store.ledger.read('alert24', 'job:1')).toMatchObject({ remoteId: 'remote-1' });
    expect(await dump()).toEqual(before);
    for (const key of await redis.keys(keys.remoteOwner('*', '*'))) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });

  it('keeps its ids: another deployment does not get them', async () => {
    const store = open();
    await rememberSinks(redis, SINKS);
    await fill(store);
    await pack();
    await store.changeLog.apply(aRecord({ deployment: 'job:2', aliases: ['deployment:1'] }));
    expect((await store.changeLog.get('deployment:1'))?.deployment.key).toBe('job:1');
    await store.ledger.exclusive({ sink: 'alert24', deployment: 'job:2' }, async (entry) => {
      expect(await entry.claim('remote-1')).toBe(false);
      await entry.delivered({ state: 'succeeded', at: NOW }, { message: '200', remoteId: 'remote-1' });
    });
    expect(await store.ledger.find('alert24', 'remote-1')).toBe('job:1');
    await store.changeLog.apply(aRecord({ deployment: 'job:1', occurrence: '777', state: 'failed' }));
    expect((await store.changeLog.get('job:1'))?.deployment.state).toBe('succeeded');
    expect((await store.changeLog.get('job:1/777'))?.deployment.state).toBe('failed');
  });

  it('is found by a joined key after its group has expired', async () => {
    const store = open();
    await fill(store);
    await pack();
    const members = await store.joins.add({
      ...{ key: 'deployment:1', path: 'harbor/pay', source: 'changes', instance: 'changes', fromMs: 1 },
      environment: 'production',
    } as never); // of a member, only these are looked at
    expect(members).toMatchObject([{ key: 'deployment:1', under: 'job:1' }]);
  });

  it('is a predecessor of later ones, packed or not', async () => {
    const store = open();
    await fill(store, 1);
    await fill(store, 2);
    await store.changeLog.apply(aRecord({ deployment: 'job:3', state: 'failed' }));
    const asked = { at: '2026-03-15T00:00:00.000Z', limit: 5 };
    const before = await store.changeLog.before('lighthouse', asked);
    expect(before.map(({ key }) => key).sort()).toEqual(['job:1', 'job:2']);
    expect(await pack()).toBe(3);
    const after = await store.changeLog.before('lighthouse', asked);
    expect(after.map(({ key }) => key).sort()).toEqual(['job:1', 'job:2']);
    expect(new Set(after)).toEqual(new Set(before));
    const [lost = ''] = await redis.keys(keys.packed('~*'));
    await redis.del(lost);
    expect(await store.changeLog.before('lighthouse', asked)).toHaveLength(1);
  });

  it('is deleted by retention in a full Redis', async () => {
    const store = open();
    await rememberSinks(redis, SINKS);
    await fill(store, 1);
    await fill(store, 2);
    await pack();
    await store.changeLog.stored('job:2');
    await redis.config('SET', 'maxmemory', '1');
    try {
      await store.changeLog.prune({ nowMs: Date.parse('2028-01-01'), share: 1 });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    const left = await families();
    for (const gone of ['packed', 'packed-names', 'change', 'ledger', 'remote', 'alias', 'words', 'marks', 'deployed'])
      expect(left, gone).not.toContain(gone);
  });

  it('is not packed during a delivery', async () => {
    const store = open();
    await rememberSinks(redis, SINKS);
    await fill(store);
    await store.ledger.exclusive({ sink: 'alert24', deployment: 'job:1' }, async () => expect(await pack()).toBe(0));
    expect(await pack()).toBe(1);
  });

  it('does not block readers if it was lost', async () => {
    const store = open();
    await fill(store);
    await pack();
    await redis.del(...(await redis.keys(keys.packed('*'))));
    await store.changeLog.apply(aRecord({ deployment: 'job:1' }));
    expect((await store.changeLog.get('job:1'))?.deployment.state).toBe('succeeded');
  });
});

it('is the same whenever it is packed, and leaves nothing when deleted', async () => {
  const step = fc.record({ job: fc.integer({ min: 1, max: 3 }), what: fc.constantFrom('run', 'end', 'tell', 'pack') });
  const summary = async (store: Store) => ({
    list: (await store.changeLog.list({ facets: {}, limit: 10, offset: 0 })).deployments.map((one) => [
      one.key,
      one.state,
    ]),
    failed: (await store.changeLog.list({ facets: { status: 'succeeded' }, limit: 10, offset: 0 })).total,
    text: (await store.changeLog.list({ facets: {}, text: 'lighthouse', limit: 10, offset: 0 })).total,
    told: await Promise.all([1, 2, 3].map(async (job) => (await store.ledger.read('alert24', `job:${job}`))?.remoteId)),
    owners: await Promise.all([1, 2, 3].map((job) => store.ledger.find('alert24', `remote-${job}`))),
  });
  const run = async (steps: readonly { job: number; what: string }[], isPacking: boolean) => {
    await redis.flushall();
    await rememberSinks(redis, SINKS);
    const store = open();
    for (const { job, what } of steps) {
      const at = `2026-03-14T20:4${job}:00.000Z`;
      const said = { deployment: `job:${job}`, aliases: [`deployment:${job}`], occurredAt: at };
      if (what === 'run') await store.changeLog.apply(aRecord({ ...said, state: 'running' }));
      if (what === 'end') await store.changeLog.apply(aRecord({ ...said, occurredAt: at.replace('00.000', '30.000') }));
      if (what === 'tell' && (await store.changeLog.get(`job:${job}`)))
        await deliver(store, `job:${job}`, `remote-${job}`);
      if (what === 'pack' && isPacking) await pack();
    }
    const said = await summary(store);
    await store.changeLog.prune({ nowMs: Date.parse('2028-01-01'), share: 1 });
    return { said, left: await families() };
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const packed = await run(steps, true);
      expect(packed.said).toEqual((await run(steps, false)).said);
      for (const gone of ['packed', 'packed-names', 'change', 'ledger', 'remote', 'alias', 'echo', 'words', 'marks'])
        expect(packed.left).not.toContain(gone);
    }),
    { numRuns: 40 },
  );
});

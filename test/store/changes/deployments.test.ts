import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { route } from '../../../src/domain/rules/routing.ts';
import { serviceDigest } from '../../../src/domain/service.ts';
import { createChangeLog } from '../../../src/recording/change-log.ts';
import { createDeployments } from '../../../src/store/changes/deployments.ts';
import { aDeployment } from '../../support/deployment.ts';
import { alone, aRecord } from '../../support/records.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const open = (count = 1000) =>
  createChangeLog(createDeployments(redis, { days: 400, count }), (key, records) => alone(view(key, records)));
const view = (key: string, records: readonly ChangeRecord[]) => ({
  ...route(fold(key, records), []),
  lineage: 'lighthouse',
  heardAt: '2026-03-14T20:50:00.000Z',
});
const everything = { facets: {}, limit: 100, offset: 0 };

describe('the change log', () => {
  it('has the same result if many workers write at once', async () => {
    const deployments = open();
    const states = ['pending', 'running', 'succeeded'] as const;
    const records = states.flatMap((state) =>
      ['deployment hook', 'job hook', 'pipeline hook'].map((signal) => aRecord({ state, signal })),
    );
    const applied = await Promise.all([...records, ...records].map((record) => deployments.apply(record)));
    expect(applied.filter(({ added }) => added)).toHaveLength(records.length);
    const { deployments: listed, total } = await deployments.list(everything);
    expect(total).toBe(1);
    expect(listed[0]).toEqual(fold('gitlab:git.harbor.example:7:job:1001', records));
  });

  it('finds a deployment by an alias, and never joins two because they share one', async () => {
    const deployments = open();
    const aliases = ['gitlab:git.harbor.example:7:deployment:5'];
    await deployments.apply(aRecord({ deployment: 'job:1', aliases }));
    await deployments.apply(aRecord({ deployment: 'job:2', aliases }));
    expect((await deployments.get(aliases[0] ?? ''))?.deployment.key).toBe('job:1');
    expect((await deployments.list(everything)).total).toBe(2);
  });

  it('finds a deployment by its own key, even if that is an alias of another', async () => {
    const deployments = open();
    await deployments.apply(aRecord({ deployment: 'job:1', aliases: ['deployment:5'] }));
    await deployments.apply(aRecord({ deployment: 'deployment:5' }));
    expect((await deployments.get('deployment:5'))?.deployment.key).toBe('deployment:5');
  });

  it('treats a job id with another deployment id as another deployment', async () => {
    const deployments = open();
    await deployments.apply(
      aRecord({ deployment: 'job:1', signal: 'job hook', authoritative: false, state: 'running' }),
    );
    for (const occurrence of ['5', '5', '6']) await deployments.apply(aRecord({ deployment: 'job:1', occurrence }));
    const { deployments: listed } = await deployments.list(everything);
    expect(listed.map(({ key }) => key).sort()).toEqual(['job:1', 'job:1/6']);
    expect(listed.find(({ key }) => key === 'job:1')?.signals).toEqual(['deployment hook', 'job hook']);
  });

  it('moves a deployment between indexes if its values change', async () => {
    const deployments = open();
    await deployments.apply(
      aRecord({ state: 'running', signal: 'job hook', authoritative: false, environment: { name: 'prod' } }),
    );
    await deployments.apply(aRecord({ state: 'succeeded', environment: { name: 'production' } }));
    const count = async (facets: object) => (await deployments.list({ ...everything, facets })).total;
    expect(await count({ status: 'running' })).toBe(0);
    expect(await count({ environment: 'prod' })).toBe(0);
    expect(await count({ environment: 'Production', status: 'succeeded', service: 'lighthouse-api' })).toBe(1);
  });

  it('finds by deployer, author, and the folder of the environment', async () => {
    const deployments = open();
    const review = { environment: { name: 'review/lamp-12' } };
    await deployments.apply(aRecord({ deployment: 'job:1', actor: 'Mira', ...review }));
    await deployments.apply(aRecord({ deployment: 'job:2', actor: 'jonas', commit: { author: 'mira' } }));
    const keys = async (facets: object) =>
      (await deployments.list({ ...everything, facets })).deployments.map(({ key }) => key).sort();
    expect(await keys({ person: 'mira' })).toEqual(['job:1', 'job:2']);
    expect(await keys({ person: 'jonas' })).toEqual(['job:2']);
    expect(await keys({ environment: 'review/*' })).toEqual(['job:1']);
    expect(await keys({ environment: 'review/*', person: 'jonas' })).toEqual([]);
  });

  it('finds all words at any position, page by page', async () => {
    const deployments = open();
    const commit = {
      sha: '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
      message: 'Turn the lamp faster\n\nSee HARBOR-12',
    };
    for (const minute of [1, 2, 3]) {
      const occurredAt = `2026-03-14T20:0${minute}:00.000Z`;
      await deployments.apply(aRecord({ deployment: `job:${minute}`, occurredAt, ref: 'main', commit }));
    }
    await deployments.apply(aRecord({ deployment: 'job:4', ref: 'tide' }));
    const search = async (text: string, over = {}) => {
      const { deployments: found, ...rest } = await deployments.list({ ...everything, text, ...over });
      return { ...rest, keys: found.map(({ key }) => key) };
    };
    expect(await search('harbor-12 LAMP')).toEqual({ total: 3, keys: ['job:3', 'job:2', 'job:1'] });
    expect(await search('4f0c9e1d', { limit: 1, offset: 1 })).toEqual({ total: 3, keys: ['job:2'] });
    expect(await search('lamp tide')).toEqual({ total: 0, keys: [] });
    expect(await search('tide')).toEqual({ total: 1, keys: ['job:4'] });
  });

  it('updates the timeline entry with the deployment, whatever its key', async () => {
    const deployments = open();
    const deployment = 'argocd:lamp\n2026';
    const common = { deployment, actor: 'mi\nra' };
    await deployments.apply(aRecord({ ...common, state: 'running', signal: 'job hook', authoritative: false }));
    await deployments.apply(aRecord({ ...common, state: 'failed', changeType: 'rollback' }));
    const mark = {
      key: deployment,
      atMs: Date.parse('2026-03-14T20:50:00.000Z'),
      state: 'failed',
      changeType: 'rollback',
      environment: { name: 'production', tier: 'production' },
      service: 'lighthouse-api',
      identity: serviceDigest(aDeployment({ key: deployment, repository: undefined })),
      actor: 'mi ra',
    };
    expect((await deployments.timeline({ facets: {} })).map((dot) => dot.entry())).toEqual([mark]);
    expect(await deployments.timeline({ facets: { status: 'running' } })).toEqual([]);
    expect(await deployments.timeline({ facets: {}, untilMs: mark.atMs - 1 })).toEqual([]);
    await deployments.prune({ nowMs: Date.parse('2028-01-01'), share: 1 });
    expect(await redis.hlen('{shiplog}:marks')).toBe(0);
  });

  it('returns a whole span, over several pages, the newest first', async () => {
    const deployments = open(100_000);
    const first = Date.parse('2026-03-14T00:00:00.000Z');
    const fill = Array.from({ length: 9_000 }, (_, at) =>
      aRecord({ deployment: `job:${at}`, occurredAt: new Date(first + at * 1000).toISOString() }),
    );
    await Promise.all(fill.map((record) => deployments.apply(record)));
    const marks = await deployments.timeline({ facets: {}, sinceMs: first + 1000, untilMs: first + 8_998_000 });
    expect(marks.map((dot) => dot.entry().key)).toEqual(Array.from({ length: 8_998 }, (_, at) => `job:${8_998 - at}`));
  });

  it('searches several facets completely, and reports how far it got if that takes too long', async () => {
    const deployments = open(100_000);
    const first = Date.parse('2026-03-14T00:00:00.000Z');
    const at = (index: number) => first + index * 1000;
    const fill = Array.from({ length: 5_010 }, (_, index) =>
      aRecord({
        deployment: `job:${index}`,
        occurredAt: new Date(at(index)).toISOString(),
        state: index < 5 || index > 5_007 ? 'failed' : 'succeeded',
        ...(index === 3 && { ref: 'main' }),
      }),
    );
    await Promise.all(fill.map((record) => deployments.apply(record)));
    const facets = { environment: 'production', service: 'lighthouse-api' };
    const wide = await deployments.list({ ...everything, facets, limit: 1, offset: 5_009 });
    expect(wide).toEqual({ total: 5_010, deployments: [expect.objectContaining({ key: 'job:0' })] });
    const early = await deployments.list({ ...everything, facets, untilMs: at(3) });
    expect(early).toMatchObject({ total: 4 });
    const marks = await deployments.timeline({ facets: { ...facets, branch: 'main' } });
    expect(marks.map((dot) => dot.entry().key)).toEqual(['job:3']);

    let nowMs = 0;
    const slow = createDeployments(redis, { days: 400, count: 100_000 }, { nowMs: () => (nowMs += 1_200) });
    const some = await slow.list({ ...everything, facets, limit: 4_000 });
    const { count = 0, reachedMs = 0 } = some.stopped ?? {};
    expect(count).toBeGreaterThan(500);
    expect(some.total).toBe(count);
    expect(reachedMs).toBe(at(5_010 - count));
    const rest = await deployments.list({ ...everything, facets, limit: 5_000, untilMs: reachedMs - 1 });
    expect(rest.total).toBe(5_010 - count);
  });

  it('repeats a search after a change or a deletion', async () => {
    const deployments = open();
    const facets = { environment: 'production', status: 'succeeded' };
    const found = async () => {
      const { deployments: listed, total } = await deployments.list({ ...everything, facets });
      return { keys: listed.map(({ key }) => key), total };
    };
    expect(await found()).toEqual({ keys: [], total: 0 });
    await deployments.apply(aRecord({ deployment: 'job:1', occurredAt: '2026-03-01T10:00:00.000Z' }));
    await deployments.apply(aRecord({ deployment: 'job:2', occurredAt: '2027-03-02T10:00:00.000Z' }));
    expect(await found()).toEqual({ keys: ['job:2', 'job:1'], total: 2 });
    expect(await found()).toEqual({ keys: ['job:2', 'job:1'], total: 2 });
    await deployments.prune({ nowMs: Date.parse('2027-05-01'), share: 1 });
    expect(await found()).toEqual({ keys: ['job:2'], total: 1 });
    await deployments.apply(aRecord({ deployment: 'job:2', state: 'failed', occurredAt: '2027-03-02T10:01:00.000Z' }));
    expect(await found()).toEqual({ keys: [], total: 0 });
  });

  it('indexes the current text of a deployment, and nothing of a dropped or deleted one', async () => {
    const deployments = open();
    const search = async (text: string) => (await deployments.list({ ...everything, text })).total;
    const common = { deployment: 'job:1', signal: 'job hook', authoritative: false } as const;
    await deployments.apply(aRecord({ ...common, state: 'running', ref: 'tide' }));
    expect(await search('tide')).toBe(1);
    await deployments.apply(aRecord({ deployment: 'job:1', ref: 'lamp', occurredAt: '2026-03-14T20:51:00.000Z' }));
    expect(await search('lamp')).toBe(1);
    expect(await search('tide')).toBe(0);
    const dropping = createChangeLog(createDeployments(redis, { days: 400, count: 1000 }), (key, records) =>
      alone({ ...view(key, records), droppedBy: 'no lamps' }),
    );
    await dropping.refresh('job:1');
    expect(await redis.hlen('{shiplog}:words')).toBe(0);
    await deployments.refresh('job:1');
    expect(await search('lamp')).toBe(1);
    await deployments.prune({ nowMs: Date.parse('2028-01-01'), share: 1 });
    expect(await redis.hlen('{shiplog}:words')).toBe(0);
  });

  it('changes its version with every change', async () => {
    const deployments = open();
    const before = await deployments.version();
    expect(await deployments.version()).toBe(before);
    await deployments.apply(aRecord());
    expect(await deployments.version()).not.toBe(before);
  });

  it('deletes the oldest beyond the maximum number, and those that are too old', async () => {
    const deployments = open(2);
    for (const day of [1, 2, 3])
      await deployments.apply(aRecord({ deployment: `job:${day}`, occurredAt: `2026-03-0${day}T10:00:00.000Z` }));
    expect(await redis.keys('{shiplog}:change:*')).toHaveLength(3);
    expect(await deployments.prune({ nowMs: Date.parse('2026-03-04'), share: 1 })).toBe(1);
    expect((await deployments.list(everything)).deployments.map(({ key }) => key)).toEqual(['job:3', 'job:2']);
    expect(await deployments.prune({ nowMs: Date.parse('2028-01-01'), share: 1 })).toBe(2);
    expect(await redis.keys('{shiplog}:change:*')).toEqual([]);
  });
});

describe('a deployment with very many reports', () => {
  it('keeps the first and the last of many steps of one kind', async () => {
    const deployments = open();
    const at = (second: number) => new Date(Date.parse('2026-03-14T20:00:00Z') + second * 1000).toISOString();
    for (let second = 0; second < 200; second += 1)
      await deployments.apply(aRecord({ state: 'running', occurredAt: at(second), startedAt: at(second) }));
    await deployments.apply(aRecord({ state: 'succeeded', occurredAt: at(300) }));
    const key = 'gitlab:git.harbor.example:7:job:1001';
    expect((await deployments.records(key)).length).toBeLessThanOrEqual(25);
    expect((await deployments.get(key))?.deployment).toMatchObject({ state: 'succeeded', startedAt: at(0) });
  });
});

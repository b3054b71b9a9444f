import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../src/domain/change-record.ts';
import { fold } from '../../src/domain/deployment.ts';
import { route } from '../../src/domain/routing.ts';
import { createDeployments } from '../../src/store/deployments.ts';
import { aRecord } from '../support/records.ts';
import { startTestRedis } from '../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const open = (count = 1000) => createDeployments(redis, { days: 400, count });
const view = (key: string, records: readonly ChangeRecord[]) => ({
  ...route(fold(key, records), []),
  lineage: 'lighthouse',
});
const everything = { facets: {}, limit: 100, offset: 0 };

describe('the change log', () => {
  it('ends the same whatever many workers write at once', async () => {
    const deployments = open();
    const states = ['pending', 'running', 'succeeded'] as const;
    const records = states.flatMap((state) =>
      ['deployment hook', 'job hook', 'pipeline hook'].map((signal) => aRecord({ state, signal })),
    );
    const applied = await Promise.all([...records, ...records].map((record) => deployments.apply(record, view)));
    expect(applied.filter(({ added }) => added)).toHaveLength(records.length);
    const { deployments: listed, total } = await deployments.list(everything);
    expect(total).toBe(1);
    expect(listed[0]).toEqual(fold('gitlab:git.harbor.example:7:job:1001', records));
  });

  it('finds a deployment by an alias, and never joins two because they share one', async () => {
    const deployments = open();
    const aliases = ['gitlab:git.harbor.example:7:deployment:5'];
    await deployments.apply(aRecord({ deployment: 'job:1', aliases }), view);
    await deployments.apply(aRecord({ deployment: 'job:2', aliases }), view);
    expect((await deployments.get(aliases[0] ?? ''))?.deployment.key).toBe('job:1');
    expect((await deployments.list(everything)).total).toBe(2);
  });

  it('finds a deployment by its own key, also when that is an alias of another', async () => {
    const deployments = open();
    await deployments.apply(aRecord({ deployment: 'job:1', aliases: ['deployment:5'] }), view);
    await deployments.apply(aRecord({ deployment: 'deployment:5' }), view);
    expect((await deployments.get('deployment:5'))?.deployment.key).toBe('deployment:5');
  });

  it('takes a job id that comes again under another deployment id for another deployment', async () => {
    const deployments = open();
    await deployments.apply(
      aRecord({ deployment: 'job:1', signal: 'job hook', authoritative: false, state: 'running' }),
      view,
    );
    for (const occurrence of ['5', '5', '6'])
      await deployments.apply(aRecord({ deployment: 'job:1', occurrence }), view);
    const { deployments: listed } = await deployments.list(everything);
    expect(listed.map(({ key }) => key).sort()).toEqual(['job:1', 'job:1/6']);
    expect(listed.find(({ key }) => key === 'job:1')?.signals).toEqual(['deployment hook', 'job hook']);
  });

  it('moves a deployment from one index to the other when what it says changes', async () => {
    const deployments = open();
    await deployments.apply(
      aRecord({ state: 'running', signal: 'job hook', authoritative: false, environment: { name: 'prod' } }),
      view,
    );
    await deployments.apply(aRecord({ state: 'succeeded', environment: { name: 'production' } }), view);
    const count = async (facets: object) => (await deployments.list({ ...everything, facets })).total;
    expect(await count({ status: 'running' })).toBe(0);
    expect(await count({ environment: 'prod' })).toBe(0);
    expect(await count({ environment: 'Production', status: 'succeeded', service: 'lighthouse-api' })).toBe(1);
  });

  it('forgets the oldest beyond the number it may keep, and what is too old', async () => {
    const deployments = open(2);
    for (const day of [1, 2, 3])
      await deployments.apply(aRecord({ deployment: `job:${day}`, occurredAt: `2026-03-0${day}T10:00:00.000Z` }), view);
    expect(await deployments.prune(new Date('2026-03-04'))).toBe(1);
    expect((await deployments.list(everything)).deployments.map(({ key }) => key)).toEqual(['job:3', 'job:2']);
    expect(await deployments.prune(new Date('2028-01-01'))).toBe(2);
    expect(await redis.keys('*deployment:*')).toEqual([]);
  });
});

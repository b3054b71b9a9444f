import { expect, it } from 'vitest';
import { createBuildView } from '../../../../src/record.ts';
import { createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments } from '../../../../src/store/changes/deployments.ts';
import { readChangeFilter, toChangeFilter } from '../../../../src/store/changes/search/filter.ts';
import { createStaleCount } from '../../../../src/store/changes/timeline/stale-count.ts';
import { aRecord } from '../../../support/records.ts';
import { useRedis } from '../../../support/use-redis.ts';

const redis = useRedis();

it('counts and finds stale deployments, as time passes and ends are reported', async () => {
  const deployments = createDeployments(redis, { days: 4_000, count: 1_000 });
  const judge = createBuildView({ rules: [], routing: {}, before: deployments.before });
  const changeLog = createChangeLog(deployments, judge);
  let now = new Date('2026-03-14T12:00:00.000Z');
  const count = createStaleCount(deployments, () => now);
  const found = async () => {
    const selection = toChangeFilter(readChangeFilter({ status: 'stale' }).query, now);
    const { deployments: listed, total } = await deployments.list({ ...selection, limit: 1, offset: 0 });
    expect(listed).toHaveLength(Math.min(1, total));
    const keys: string[] = [];
    for await (const page of deployments.scan(selection)) keys.push(...page.map(({ key }) => key));
    expect((await deployments.timeline(selection)).map((lazy) => lazy.entry().key)).toEqual(keys);
    expect(total).toBe(keys.length);
    return keys;
  };
  const told = (deployment: string, state: 'pending' | 'running' | 'succeeded', at: string) =>
    changeLog.apply(aRecord({ deployment, state, occurredAt: at, receivedAt: at }));
  expect(await count()).toBe(0);
  await told('job:1', 'running', '2026-03-14T09:00:00.000Z');
  await told('job:2', 'pending', '2026-03-14T10:00:00.000Z');
  await told('job:3', 'succeeded', '2026-03-14T10:00:00.000Z');
  expect(await count()).toBe(0);
  expect(await found()).toEqual([]);
  now = new Date('2026-03-15T09:30:00.000Z');
  expect(await count()).toBe(1);
  expect(await found()).toEqual(['job:1']);
  now = new Date('2026-03-15T10:30:00.000Z');
  expect(await count()).toBe(2);
  expect(await found()).toEqual(['job:2', 'job:1']);
  await told('job:1', 'succeeded', '2026-03-15T10:10:00.000Z');
  expect(await count()).toBe(1);
  expect(await found()).toEqual(['job:2']);
});

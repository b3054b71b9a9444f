import { expect, it, vi } from 'vitest';
import type { NewChangeRecord } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { deferred } from '../support/deferred.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

function open() {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const judge = vi.fn(createBuildView({ rules: [], routing: {}, before: deployments.before }));
  return { judge, deployments, changeLog: createChangeLog(deployments, judge) };
}

const record = (id: string, over: Partial<NewChangeRecord> = {}) => ({
  ...aRecord({ deployment: 'harbor 1', ...over }),
  id,
});
const EARLIER = '2026-03-01T09:00:00.000Z';

it('makes the view of a first record once, while it is stored', async () => {
  const { judge, deployments } = open();
  const stored = deferred();
  const changeLog = createChangeLog(
    { ...deployments, append: (...given) => stored.over.then(() => deployments.append(...given)) },
    judge,
  );
  const onStored = vi.fn();
  const applied = changeLog.apply(record('chg_1'), { isFirst: true, onStored });
  await vi.waitFor(() => expect(judge).toHaveBeenCalledTimes(1));
  expect(onStored).not.toHaveBeenCalled();
  stored.settle();
  const { added, ...view } = await applied;
  expect(added).toBe(true);
  expect(onStored).toHaveBeenCalledTimes(1);
  expect(judge).toHaveBeenCalledTimes(1);
  expect(await changeLog.get('harbor 1')).toMatchObject({ deployment: view.deployment });
});

it.each([
  ['another record of its deployment is known', [record('chg_1', { state: 'running' })], record('chg_2')],
  ['it is another occurrence', [record('chg_1', { occurrence: 'a' })], record('chg_2', { occurrence: 'b' })],
  ['a deployment before it has ended since', [], record('chg_2')],
])('makes it again when %s', async (_, known, next) => {
  const { deployments, judge, changeLog } = open();
  for (const one of known) await changeLog.apply(one);
  // Of the same place, and between the two reads.
  const append: typeof deployments.append = async (...given) => {
    if (known.length === 0) await changeLog.apply(record('chg_0', { deployment: 'harbor 0', occurredAt: EARLIER }));
    return deployments.append(...given);
  };
  const applied = await createChangeLog({ ...deployments, append }, judge).apply(next, { isFirst: true });
  const again = await createChangeLog(deployments, judge).apply(next);
  expect(applied).toEqual({ ...again, added: true, neighbors: applied.neighbors });
  expect(applied.deployment.replaced).toEqual(again.deployment.replaced);
});

import { describe, expect, it } from 'vitest';
import type { NewChangeRecord, Witness } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createJoins } from '../../src/recording/joins.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createJoinGroups } from '../../src/store/changes/join-groups.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();
const WITNESSES: Readonly<Record<string, Witness>> = { forge: 'job', curl: 'report' };

function open() {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const changeLog = createChangeLog(
    deployments,
    createBuildView({ rules: [], routing: {}, before: deployments.before }),
  );
  const joins = createJoins({
    groups: createJoinGroups(redis),
    changeLog,
    rules: [],
    routing: {},
    options: { mayJoin: () => true },
    settleMs: 0,
    witnessOf: (instance) => WITNESSES[instance],
  });
  const running = createRunning(deployments);
  return {
    async record(said: Partial<NewChangeRecord>) {
      const placed = await joins.assign(aRecord({ service: 'api', environment: { name: 'production' }, ...said }));
      await changeLog.apply(placed.record);
      await placed.settle();
    },
    /** Of each place the key of what runs and of what was tried since. */
    runs: async () =>
      (await running.slots()).map(({ current, attempt }) => `${current?.key ?? ''}|${attempt?.key ?? ''}`).sort(),
    async beside(key: string) {
      const view = await deployments.get(key);
      const { previous, next } = view ? await deployments.beside(view) : {};
      return [previous?.key, next?.key];
    },
    async isCurrent(key: string) {
      const view = await deployments.get(key);
      return view && (await running.statusOf(running.slots()))(view.deployment)?.isCurrent;
    },
  };
}

const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;
const url = 'https://git.harbor.example/harbor/api';
const harbor = { name: 'harbor/api', url };
const beacon = { name: 'beacon/api', url: 'https://git.harbor.example/beacon/api' };

describe('what runs, while signals arrive', () => {
  it('is listed separately for two services with one name', async () => {
    const { record, runs, beside, isCurrent } = open();
    await record({ deployment: 'forge:1', repository: harbor, occurredAt: at(10), commit: { sha: sha(1) } });
    await record({ deployment: 'forge:2', repository: beacon, occurredAt: at(11), commit: { sha: sha(2) } });
    await record({ deployment: 'forge:3', repository: beacon, occurredAt: at(12), state: 'failed' });
    expect(await runs()).toEqual(['forge:1|', 'forge:2|forge:3']);
    await record({ deployment: 'forge:4', repository: harbor, occurredAt: at(13), commit: { sha: sha(3) } });
    expect(await runs()).toEqual(['forge:2|forge:3', 'forge:4|']);
    expect(await beside('forge:1')).toEqual([undefined, 'forge:4']);
    expect(await beside('forge:2')).toEqual([undefined, 'forge:3']);
    expect(await beside('forge:3')).toEqual(['forge:2', undefined]);
    expect([await isCurrent('forge:1'), await isCurrent('forge:2'), await isCurrent('forge:4')]).toEqual([
      ...[false, true, true],
    ]);
  });

  it('is distinguished by service id, by the words of the job, and by the team where no repository is named', async () => {
    const { record, runs } = open();
    await record({ deployment: 'forge:1', repository: harbor, job: 'deploy-cart', occurredAt: at(1) });
    await record({ deployment: 'forge:2', repository: harbor, job: 'deploy-pay', occurredAt: at(2) });
    await record({ deployment: 'forge:3', repository: harbor, serviceId: 'svc_9', occurredAt: at(3) });
    await record({ deployment: 'changes:4', occurredAt: at(4) });
    await record({ deployment: 'team-b@changes:4', occurredAt: at(5) });
    expect(await runs()).toEqual(['changes:4|', 'forge:1|', 'forge:2|', 'forge:3|', 'team-b@changes:4|']);
  });

  it('is listed once if two tools report the same service, in any order, even if one stops reporting', async () => {
    const { record, runs } = open();
    const job = (number: number) => ({
      ...{ deployment: `forge:job:${number}`, source: 'forge', instance: 'forge', jobUrl: `${url}/-/jobs/${number}` },
      ...{ repository: harbor, commit: { sha: sha(number) }, occurredAt: at(10 * number) },
    });
    const post = (number: number) => ({
      ...{ deployment: `curl:${number}`, source: 'curl', instance: 'curl', signal: 'changes api' },
      ...{ repository: harbor, commit: { sha: sha(number) }, jobUrl: `${url}/-/jobs/${number}` },
      ...{ occurredAt: at(10 * number) },
    });
    await record(job(1));
    await record(post(1));
    await record(post(2));
    await record(job(2));
    expect(await runs()).toEqual(['curl:2|']);
    await record(post(3));
    expect(await runs()).toEqual(['curl:3|']);
    await record(job(4));
    expect(await runs()).toEqual(['forge:job:4|']);
  });

  it('is updated if a later signal names the service', async () => {
    const { record, runs } = open();
    const said = { deployment: 'forge:1', repository: harbor };
    await record({ ...said, state: 'running', occurredAt: at(1) });
    expect(await runs()).toEqual(['|forge:1']);
    await record({ ...said, occurredAt: at(2), serviceId: 'svc_9' });
    expect(await runs()).toEqual(['forge:1|']);
  });
});

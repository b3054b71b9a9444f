import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, State } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { supersede } from '../../src/recording/supersede.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

function open() {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const changeLog = createChangeLog(
    deployments,
    createBuildView({ rules: [], routing: {}, before: deployments.before }),
  );
  const record = async (step: ChangeRecord) => supersede(changeLog, await changeLog.apply(step));
  const said = async (key: string) => (await changeLog.get(key))?.deployment;
  return { record, said };
}

const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;
const step = (key: string, minute: number, said: { state?: State; commit?: string; serviceId?: string } = {}) =>
  aRecord({
    deployment: key,
    state: said.state ?? 'succeeded',
    occurredAt: at(minute),
    receivedAt: at(59),
    repository: { name: 'harbor/lighthouse-api' },
    commit: { sha: sha(said.commit ?? key) },
    ...(said.serviceId && { serviceId: said.serviceId }),
  });

describe('what a deployment replaced, and whether it went back,', () => {
  const life = [
    step('p1', 10, { commit: 'one' }),
    step('p2', 20, { commit: 'two' }),
    step('failed', 25, { commit: 'three', state: 'failed' }),
    step('again', 30, { commit: 'one' }),
    step('p4', 40, { commit: 'four' }),
  ];

  it('is the same in every order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...life, ...life], { minLength: life.length * 2 }), async (arrivals) => {
        await redis.flushall();
        const { record, said } = open();
        for (const one of arrivals) await record(one);
        expect(await said('p2')).toMatchObject({ changeType: 'deployment', replaced: { deployment: 'p1' } });
        expect(await said('failed')).toMatchObject({ changeType: 'deployment', replaced: { deployment: 'p2' } });
        expect(await said('again')).toMatchObject({ changeType: 'rollback', replaced: { deployment: 'p2' } });
        expect(await said('p4')).toMatchObject({ changeType: 'deployment', replaced: { deployment: 'again' } });
      }),
      { numRuns: 25 },
    );
  });

  it('includes a deployment that succeeded and failed afterwards: returning from it is a roll-back', async () => {
    const degraded = { ...step('p2', 25, { commit: 'two', state: 'failed' }), id: 'chg_degraded', signal: 'degraded' };
    const records = [...life.filter(({ deployment }) => deployment !== 'failed'), degraded];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(records, { minLength: records.length }), async (arrivals) => {
        await redis.flushall();
        const { record, said } = open();
        for (const one of arrivals) await record(one);
        expect(await said('p2')).toMatchObject({ state: 'failed', succeededAt: at(20) });
        expect(await said('again')).toMatchObject({
          changeType: 'rollback',
          replaced: { deployment: 'p2', failed: true },
        });
      }),
      { numRuns: 10 },
    );
  });

  it('includes a deployment that failed while its successor was running', async () => {
    const degraded = { ...step('p2', 25, { commit: 'two', state: 'failed' }), id: 'chg_degraded', signal: 'degraded' };
    const between = [step('between', 22, { commit: 'one', state: 'running' }), step('between', 40, { commit: 'one' })];
    const records = [...life.slice(0, 2), degraded, ...between];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(records, { minLength: records.length }), async (arrivals) => {
        await redis.flushall();
        const { record, said } = open();
        for (const one of arrivals) await record(one);
        expect(await said('between')).toMatchObject({ changeType: 'rollback', replaced: { deployment: 'p2' } });
      }),
      { numRuns: 10 },
    );
  });

  it('is the same if all are recorded at once by two bridges', async () => {
    for (let round = 0; round < 20; round++) {
      await redis.flushall();
      const [one, other] = [open(), open()];
      await Promise.all(life.map((record, index) => (index % 2 === 0 ? one : other).record(record)));
      expect(await one.said('again')).toMatchObject({ changeType: 'rollback', replaced: { deployment: 'p2' } });
      expect(await one.said('p4')).toMatchObject({ replaced: { deployment: 'again' } });
    }
  });

  it('goes by the service, not by the project: another service is neither replaced nor rolled back', async () => {
    const { record, said } = open();
    await record(step('cart-a', 10, { commit: 'a', serviceId: 'cart' }));
    await record(step('cart-b', 20, { commit: 'b', serviceId: 'cart' }));
    await record(step('pay-a', 30, { commit: 'a', serviceId: 'pay' }));
    expect(await said('pay-a')).toMatchObject({ changeType: 'deployment' });
    expect(await said('pay-a')).not.toHaveProperty('replaced');
    expect(await said('cart-b')).toMatchObject({ replaced: { deployment: 'cart-a' } });
  });

  it('is computed again if a deployment moves to another lineage', async () => {
    const { record, said } = open();
    for (const one of [step('a', 10), step('b', 20), step('c', 30)]) await record(one);
    await record({ ...step('b', 20, { serviceId: 'pay' }), id: 'chg_named', signal: 'job hook' });
    expect(await said('c')).toMatchObject({ replaced: { deployment: 'a' } });
  });
});

describe('a pending deployment', () => {
  const waiting = step('waits', 10, { state: 'pending' });
  const newer = step('newer', 20);

  it.each([
    ['before', [waiting, newer]],
    ['after', [newer, waiting]],
  ])('is superseded by a newer one that was reported %s it', async (_, records) => {
    const { record, said } = open();
    const ended = [];
    for (const one of records) ended.push(...(await record(one)));
    expect(ended.map(({ deployment }) => deployment.key)).toEqual(['waits']);
    expect(await said('waits')).toMatchObject({
      state: 'canceled',
      endReason: 'superseded',
      service: 'lighthouse-api',
    });
    await record(step('waits', 30, { state: 'running' }));
    await record(step('waits', 31));
    expect(await said('waits')).toMatchObject({ state: 'succeeded' });
    expect(await said('waits')).not.toHaveProperty('endReason');
  });

  it('stays pending after a failure, a roll-back, or a deployment of another service', async () => {
    const { record, said } = open();
    const dated = (record: ChangeRecord, day: number): ChangeRecord => ({
      ...record,
      commit: { ...record.commit, committedAt: `2026-03-0${day}T00:00:00.000Z` },
    });
    await record(dated(waiting, 5));
    await record(step('failed', 20, { state: 'failed' }));
    await record(dated(step('older', 21), 4));
    await record(step('pay', 22, { serviceId: 'pay' }));
    expect(await said('waits')).toMatchObject({ state: 'pending' });
  });
});

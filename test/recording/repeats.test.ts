import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, State } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createRepeats } from '../../src/recording/repeats.ts';
import { separate } from '../../src/recording/separate.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createRepeatNames } from '../../src/store/changes/repeat-names.ts';
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
  const repeats = createRepeats({ names: createRepeatNames(redis, 400), changeLog });
  const joins = {
    assign: async (record: ChangeRecord) => ({
      record,
      isFirst: false,
      onStored() {},
      settle: async () => [],
      delayMs: 0,
    }),
  };
  const record = async (step: ChangeRecord) => {
    const view = await changeLog.apply(await repeats.assign(step));
    await separate({ changeLog, joins, repeats }, view);
  };
  /** Commits by time. */
  const log = async () => {
    const { deployments: all } = await deployments.list({ facets: {}, limit: 100, offset: 0 });
    return all.toReversed().map(({ commit, changeType, state }) => `${commit?.title} ${changeType} ${state}`);
  };
  const all = async () => (await deployments.list({ facets: {}, limit: 100, offset: 0 })).deployments.toReversed();
  const newest = async () => (await deployments.list({ facets: {}, limit: 1, offset: 0 })).deployments[0];
  return { record, log, all, newest, isRepeat: repeats.isRepeat };
}

const at = (minute: number) => new Date(Date.parse('2026-03-14T08:00:00.000Z') + minute * 60_000).toISOString();
const post = (commit: string, minute: number, state: State = 'succeeded') =>
  aRecord({
    deployment: `words:${commit}`,
    repeatable: true,
    state,
    id: `chg_${commit}_${state}`,
    commit: { sha: sha(commit), title: commit },
    repository: { name: 'harbor/pay' },
    occurredAt: at(minute),
    receivedAt: at(minute),
    webhook: `webhook of ${commit} at ${minute}`,
  });

describe('repeated reports of a controller', () => {
  const said = (commit: string, minute: number, state: State = 'succeeded') => ({
    ...post(commit, minute, state),
    periodic: true as const,
  });

  it('are one deployment for days, stored once, and another one after something else ran', async () => {
    const { record, log } = open();
    await record(said('A', 0, 'running'));
    for (let hour = 0; hour < 30; hour += 1) await record(said('A', 1 + hour * 60));
    expect(await log()).toEqual(['A deployment succeeded']);
    await record(said('B', 2000));
    for (let hour = 0; hour < 5; hour += 1) await record(said('B', 2001 + hour * 60));
    await record(said('A', 2400, 'running'));
    for (let hour = 0; hour < 5; hour += 1) await record(said('A', 2401 + hour * 60));
    expect(await log()).toEqual(['A deployment succeeded', 'B deployment succeeded', 'A rollback succeeded']);
  });
});

it('the first report of a controller gives the time, whichever arrives first', async () => {
  const report = (minute: number) => ({ ...post('A', minute), periodic: true as const });
  for (const minutes of [
    [5, 10, 15],
    [15, 10, 5, 10],
    [10, 15, 5, 5],
  ]) {
    await redis.flushall();
    const { record, newest } = open();
    for (const minute of minutes) await record(report(minute));
    expect((await newest())?.occurredAt, minutes.join()).toBe(at(5));
  }
});

describe('what a controller reports of the revision that it applied', () => {
  it('is new whenever it changes between healthy and failed, and once for each state', async () => {
    const { record, log } = open();
    const said = (minute: number, state: State) => record({ ...post('A', minute, state), periodic: true });
    await said(0, 'running');
    for (const [minute, state] of [
      [1, 'succeeded'],
      [70, 'succeeded'],
      [140, 'running'],
      [150, 'failed'],
      [160, 'failed'],
    ] as const)
      await said(minute, state);
    expect(await log()).toEqual(['A deployment failed']);
    for (const minute of [300, 310, 400]) await said(minute, 'succeeded');
    expect(await log()).toEqual(['A deployment succeeded']);
    await said(500, 'failed');
    expect(await log()).toEqual(['A deployment failed']);
    await said(600, 'succeeded');
    expect(await log()).toEqual(['A deployment succeeded']);
  });
});

describe('a success that comes again with the time of the sync', () => {
  const reportsHealth = true as const;
  const healthy = (minute: number, receivedAt = at(minute)) => ({
    ...{ ...post('A', 5), reportsHealth, finishedAt: at(5), receivedAt },
    webhook: `healthy, received at ${receivedAt}`,
  });
  const unhealthy = (minute: number) => ({ ...post('A', minute, 'failed'), periodic: true as const, reportsHealth });
  /** By its start or an id of its own, by the end of its run, by nothing. */
  const kinds = [
    { repeatable: undefined },
    { deployment: 'words:A:5', base: 'words:A', periodic: true as const },
    { periodic: true as const },
  ];

  it.each(kinds)('after a report of bad health is the recovery, with the end of the sync: %j', async (kind) => {
    const { record, log, newest } = open();
    const { base: _, ...ofHealth } = kind;
    const steps = [healthy(6), unhealthy(20), healthy(30), healthy(31)].map((step) =>
      aRecord(step.state === 'failed' ? { ...step, ...ofHealth, deployment: 'words:A' } : { ...step, ...kind }),
    );
    for (const step of steps) await record(step);
    expect(await log()).toEqual(['A deployment succeeded']);
    expect(await newest()).toMatchObject({ occurredAt: at(30), finishedAt: at(5) });
  });

  it('is a repeat within a minute', async () => {
    const { record, log } = open();
    for (const step of [healthy(6), unhealthy(20), healthy(20, at(20.5))]) await record({ ...step, periodic: true });
    expect(await log()).toEqual(['A deployment failed']);
  });
});

describe('identical posts', () => {
  it('after another deployment are a new one: a roll-back, however often', async () => {
    const { record, log } = open();
    for (const [commit, minute] of [
      ['A', 0],
      ['B', 1],
      ['A', 2],
      ['B', 3],
      ['A', 4],
    ] as const)
      await record(post(commit, minute));
    expect(await log()).toEqual([
      'A deployment succeeded',
      'B deployment succeeded',
      'A rollback succeeded',
      'B rollback succeeded',
      'A rollback succeeded',
    ]);
  });

  it('within an hour without another deployment in between are a repeat', async () => {
    const { record, log, isRepeat } = open();
    expect(await isRepeat(post('A', 0))).toBe(false);
    await record(post('A', 0));
    expect(await isRepeat(post('A', 1))).toBe(true);
    await record(post('A', 1));
    await record(post('A', 50));
    expect(await log()).toEqual(['A deployment succeeded']);
  });

  it('with an external id are a repeat at any time, unless their state is new', async () => {
    const { record, isRepeat } = open();
    const named = (minute: number, state: State = 'succeeded') => {
      const { repeatable: _, ...one } = post('A', minute, state);
      return { ...one, deployment: 'changes:release-7' };
    };
    expect(await isRepeat(named(0))).toBe(false);
    await record(named(0));
    await record(post('B', 30));
    expect(await isRepeat(named(1440))).toBe(true);
    expect(await isRepeat(named(1440, 'failed'))).toBe(false);
  });

  it('a day later are a new deployment', async () => {
    const { record, log, isRepeat } = open();
    await record(post('A', 0));
    expect(await isRepeat(post('A', 1440))).toBe(false);
    await record(post('A', 1440));
    expect(await log()).toHaveLength(2);
  });

  it('with a later state continue the same deployment, however long it takes', async () => {
    const { record, log, isRepeat } = open();
    await record(post('A', 0, 'running'));
    await record(post('B', 10));
    expect(await isRepeat(post('A', 120))).toBe(false);
    await record(post('A', 120));
    expect(await log()).toEqual(['B deployment succeeded', 'A deployment succeeded']);
  });

  it('of a roll-back that is reported in two states are one deployment', async () => {
    const { record, log } = open();
    for (const step of [post('A', 0), post('B', 1), post('A', 2, 'running'), post('A', 4)]) await record(step);
    expect(await log()).toEqual(['A deployment succeeded', 'B deployment succeeded', 'A rollback succeeded']);
  });

  it('recorded twice by the same webhook are recorded once', async () => {
    const { record, log } = open();
    const life = [post('A', 0), post('B', 1), post('A', 2)];
    for (const step of [...life, ...life, life[2], life[0]]) if (step) await record(step);
    expect(await log()).toHaveLength(3);
  });

  it('have the same result in every order of arrival, with repeats', async () => {
    const life = [post('A', 0), post('B', 4), post('A', 8), post('A', 9), post('B', 12), post('A', 16)];
    const arrivals = fc.shuffledSubarray([...life, post('A', 1), post('B', 13)], { minLength: 8 });
    await fc.assert(
      fc.asyncProperty(arrivals, async (shuffled) => {
        await redis.flushall();
        const { record, log } = open();
        for (const step of shuffled) await record(step);
        expect(await log()).toEqual([
          'A deployment succeeded',
          'B deployment succeeded',
          'A rollback succeeded',
          'B rollback succeeded',
          'A rollback succeeded',
        ]);
      }),
      { numRuns: 15 },
    );
  });

  it('are one roll-back if two bridges record it at once, and two if something ran in between', async () => {
    for (let round = 0; round < 10; round++) {
      await redis.flushall();
      const [one, other] = [open(), open()];
      for (const step of [post('A', 0), post('B', 4)]) await one.record(step);
      await Promise.all([one.record(post('A', 8)), other.record(post('A', 9)), other.record(post('B', 12))]);
      await Promise.all([one.record(post('A', 16)), other.record(post('A', 17))]);
      expect(await one.log()).toHaveLength(5);
    }
  });
});

describe('a success and a failure that a job posts', () => {
  const ended = (state: State, minute: number) => ({ ...post('A', minute, state), endsOnce: true as const });
  const life = [ended('running', 0), ended('failed', 2), ended('running', 3), ended('succeeded', 5)];

  it('are those of two attempts in every order of arrival, with repeats', async () => {
    const arrivals = fc.shuffledSubarray([...life, ended('failed', 2.1), ended('succeeded', 5.1)], { minLength: 6 });
    await fc.assert(
      fc.asyncProperty(arrivals, async (shuffled) => {
        await redis.flushall();
        const { record, log } = open();
        for (const step of shuffled) await record(step);
        expect(await log()).toEqual(['A deployment failed', 'A deployment succeeded']);
      }),
      { numRuns: 15 },
    );
  });

  it('stay two attempts where one is sent again within seconds, and a quick retry came in between', async () => {
    const quick = [ended('failed', 2), ended('succeeded', 2.4), ended('failed', 2.8), ended('succeeded', 3)];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(quick, { minLength: 4 }), async (shuffled) => {
        await redis.flushall();
        const { record, log } = open();
        for (const step of shuffled) await record(step);
        expect(await log()).toEqual(['A deployment failed', 'A deployment succeeded']);
      }),
      { numRuns: 10 },
    );
  });

  it('are not repeats of each other', async () => {
    const { record, isRepeat } = open();
    await record(ended('failed', 2));
    expect(await isRepeat(ended('canceled', 2.1))).toBe(true);
    expect(await isRepeat(ended('succeeded', 5))).toBe(false);
    await record(ended('succeeded', 5));
    for (const again of [ended('failed', 2), ended('succeeded', 5)]) expect(await isRepeat(again)).toBe(true);
  });

  it('are one deployment where the failure was only concluded from a later deployment', async () => {
    const { record, log } = open();
    const { endsOnce: _, ...concluded } = ended('canceled', 3);
    await record(ended('pending', 0));
    await record({ ...concluded, repeatable: undefined, endReason: 'superseded', id: 'chg_superseded' });
    await record(ended('succeeded', 5));
    expect(await log()).toEqual(['A deployment succeeded']);
  });
});

describe('a start that names no run, and an end that does', () => {
  const start = (minute: number) => ({ ...post('A', minute, 'running'), periodic: true as const });
  const end = (minute: number, state: State = 'succeeded', run = minute) => ({
    ...post('A', minute, state),
    ...{ deployment: `words:A:${run}`, id: `chg_A_${run}_${state}`, base: 'words:A', periodic: true as const },
    receivedAt: at(minute + 1),
  });
  const everyOrder = (steps: readonly ChangeRecord[]) =>
    fc.shuffledSubarray([...steps, ...steps], { minLength: steps.length * 2 });

  it('are one deployment in every order', async () => {
    const life = [start(1), end(5), end(9, 'failed', 5)];
    await fc.assert(
      fc.asyncProperty(everyOrder(life), async (steps) => {
        await redis.flushdb();
        const { record, log } = open();
        for (const step of steps) await record(step);
        expect(await log()).toEqual(['A deployment failed']);
      }),
      { numRuns: 15 },
    );
  });

  it('are as many deployments as there are ends, whether or not their starts arrive', async () => {
    const steps = [start(1), end(5), start(10), end(15, 'failed'), end(25)];
    await fc.assert(
      fc.asyncProperty(everyOrder(steps), async (shuffled) => {
        await redis.flushdb();
        const { record, log } = open();
        for (const step of shuffled) await record(step);
        const states = (await log()).map((line) => line.split(' ').at(-1));
        expect(states).toEqual(['succeeded', 'failed', 'succeeded']);
      }),
      { numRuns: 15 },
    );
  });

  it('are one deployment when its health changes, and the time of its recovery may be that of the report', async () => {
    const { record, log, newest } = open();
    const unhealthy = (minute: number) => ({
      ...post('A', minute, 'failed'),
      ...{ periodic: true as const, reportsHealth: true as const },
    });
    const healthy = (minute: number) => ({ ...end(minute), runIsUncertain: true as const, finishedAt: at(minute) });
    for (const step of [start(1), healthy(5), unhealthy(20)]) await record(step);
    expect(await log()).toEqual(['A deployment failed']);
    for (const step of [healthy(30), healthy(30), unhealthy(60), healthy(90), healthy(5), healthy(30)])
      await record(step);
    expect(await log()).toEqual(['A deployment succeeded']);
    expect(await newest()).toMatchObject({ startedAt: at(1), occurredAt: at(90), finishedAt: at(5) });
    // a retry of a sync that failed, and the end of another run
    for (const step of [end(100, 'failed'), healthy(110), end(120)]) await record(step);
    expect((await log()).map((line) => line.split(' ').at(-1))).toEqual([
      'succeeded',
      'failed',
      'succeeded',
      'succeeded',
    ]);
  });

  it('are one deployment where the start does not know the revision either, in every order of its signals', async () => {
    const begins = (minute: number) => ({
      ...post('', minute, 'running'),
      ...{ deployment: 'words:no revision', id: `chg_begins_${minute}`, commit: {} },
    });
    const ends = (commit: string, minute: number, state: State = 'succeeded') => ({
      ...post(commit, minute, state),
      ...{ deployment: `words:${commit}:${minute}`, id: `chg_${commit}_${minute}`, base: `words:${commit}` },
      ...{ baseOfStart: 'words:no revision', periodic: true as const, receivedAt: at(minute + 1) },
    });
    const lives = fc.tuple(
      everyOrder([begins(1), ends('A', 5)]),
      everyOrder([begins(10), ends('B', 15, 'failed')]),
      everyOrder([begins(20), ends('B', 25)]),
    );
    await fc.assert(
      fc.asyncProperty(lives, async (steps) => {
        await redis.flushdb();
        const { record, log, all } = open();
        for (const step of steps.flat()) await record(step);
        expect(await log()).toEqual(['A deployment succeeded', 'B deployment failed', 'B deployment succeeded']);
        expect((await all()).map(({ startedAt }) => startedAt)).toEqual([at(1), at(10), at(20)]);
      }),
      { numRuns: 15 },
    );
  });

  it('are one deployment where only the start knows the revision, and no other start is ended by it', async () => {
    const base = 'words:no revision';
    const begins = (commit: string, minute: number) => ({
      ...post(commit, minute, 'running'),
      ...{ periodic: true as const, baseOfStart: base },
    });
    const fails = (minute: number) => ({
      ...post('', minute, 'failed'),
      ...{ deployment: `${base}:${minute}`, id: `chg_fails_${minute}`, commit: {}, base },
    });
    const ends = (commit: string, minute: number) => ({
      ...said(commit, minute),
      ...{ deployment: `words:${commit}:${minute}`, base: `words:${commit}`, baseOfStart: base },
    });
    const { record, log } = open();
    for (const step of [begins('A', 1), fails(5), fails(5)]) await record(step);
    expect(await log()).toEqual(['A deployment failed']);
    for (const step of [begins('B', 10), fails(20), begins('C', 30), ends('D', 35)]) await record(step);
    const [, ...others] = await log();
    for (const step of [begins('E', 40), said('E', 45), fails(50)]) await record(step);
    expect((await log()).slice(-2)).toEqual(['E deployment succeeded', 'undefined deployment failed']);
    expect(others).toEqual(['B deployment failed', 'C deployment running', 'D deployment succeeded']);
  });

  it('go back when another revision has run in between', async () => {
    const { record, log } = open();
    for (const step of [start(1), end(5), said('B', 10), start(20)]) await record(step);
    expect(await log()).toEqual(['A deployment succeeded', 'B deployment succeeded', 'A rollback running']);
    await record(end(25));
    await record(end(5));
    expect(await log()).toEqual(['A deployment succeeded', 'B deployment succeeded', 'A rollback succeeded']);
  });
});

const said = (commit: string, minute: number) => ({ ...post(commit, minute), periodic: true as const });

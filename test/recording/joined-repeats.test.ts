import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, NewChangeRecord, Witness } from '../../src/domain/change-record.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createJoins } from '../../src/recording/joins.ts';
import { createRepeats } from '../../src/recording/repeats.ts';
import { separate } from '../../src/recording/separate.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createJoinGroups } from '../../src/store/changes/join-groups.ts';
import { createRepeatNames } from '../../src/store/changes/repeat-names.ts';
import { createSerialHistory } from '../../src/store/changes/serial-history.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

const WITNESSES: Readonly<Record<string, Witness>> = { forge: 'job', curl: 'report', gitops: 'sync' };

/** As record.ts processes a record: what its history concludes, repeats, joins, separation. */
function open() {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const buildView = createBuildView({ rules: [], routing: {}, before: deployments.before });
  const changeLog = createChangeLog(deployments, buildView);
  const repeats = createRepeats({ names: createRepeatNames(redis, 400), changeLog });
  const joins = createJoins({
    ...{ groups: createJoinGroups(redis), changeLog, rules: [], routing: {} },
    options: { mayJoin: () => true },
    settleMs: 0,
    witnessOf: (instance) => WITNESSES[instance],
  });
  const history = createSerialHistory(redis, 400);
  const record = async (step: ChangeRecord) => {
    const { results, concluded } = await history.assign([step]);
    for (const one of [
      ...results.flatMap((result) => (result.kind === 'assigned' ? [result.record] : [])),
      ...concluded,
    ])
      await add(one);
  };
  const add = async (step: ChangeRecord) => {
    const join = await joins.assign(await repeats.assign(step));
    const view = await changeLog.apply(join.record);
    await join.settle();
    await separate({ changeLog, joins, repeats }, view);
  };
  const all = async () => (await deployments.list({ facets: {}, limit: 100, offset: 0 })).deployments.toReversed();
  return { record, all, get: deployments.get };
}

const at = (minute: number) => new Date(Date.parse('2026-03-14T08:00:00.000Z') + minute * 60_000).toISOString();
const url = 'https://git.harbor.example/harbor/pay';

const step = (commit: string, said: Partial<NewChangeRecord>) =>
  aRecord({
    ...{ environment: { name: 'production' }, service: 'pay', repository: { name: 'harbor/pay', url } },
    commit: { sha: sha(commit), title: commit },
    receivedAt: at(600),
    ...said,
  });
const hook = (commit: string, state: 'running' | 'succeeded', minute: number) =>
  step(commit, {
    ...{ deployment: `forge:job:${commit}`, source: 'forge', instance: 'forge', state },
    jobUrl: `${url}/-/jobs/${commit}`,
    pipelineUrl: `${url}/-/pipelines/${commit}`,
    occurredAt: at(minute),
    aliases: [`forge:deployment:${commit}`],
  });
const sync = (commit: string, state: 'running' | 'succeeded', minute: number) =>
  step(commit, {
    ...{ deployment: `gitops:${commit}`, source: 'gitops', instance: 'gitops', signal: 'sync', state },
    occurredAt: at(minute),
    aliases: [`gitops:run:${commit}`],
  });
/** Without a time of its own: that of its receipt, hours after the webhooks whose times the tools report. */
const post = (commit: string, minute: number) =>
  step(commit, {
    ...{ deployment: `curl:${commit}`, source: 'curl', instance: 'curl', signal: 'post', repeatable: true },
    pipelineUrl: `${url}/-/pipelines/${commit}`,
    occurredAt: at(minute),
    receivedAt: at(minute),
    webhook: `post of ${commit} at ${minute}`,
    tags: ['posted'],
  });

const life = (commit: string, minute: number) => [
  ...[hook(commit, 'running', minute), hook(commit, 'succeeded', minute + 1)],
  ...[sync(commit, 'running', minute + 2), sync(commit, 'succeeded', minute + 3)],
];
const keysOf = (commit: string) => [`forge:job:${commit}`, `forge:deployment:${commit}`, `gitops:${commit}`];

describe('a post that arrives hours after the times that other tools report', () => {
  const posts = [post('A', 500), post('A', 501)];

  it('is one change with them, however often and in which order it arrives, and is found by all of its keys', async () => {
    const arrivals = fc.shuffledSubarray([...life('A', 10), ...posts], { minLength: 6 });
    await fc.assert(
      fc.asyncProperty(arrivals, fc.boolean(), async (shuffled, atOnce) => {
        await redis.flushall();
        const { record, all, get } = open();
        if (atOnce) await Promise.all(shuffled.map(record));
        else for (const one of shuffled) await record(one);
        const [only, ...others] = await all();
        expect(others).toEqual([]);
        expect(only).toMatchObject({
          state: 'succeeded',
          tags: ['posted'],
          sources: expect.arrayContaining(['gitops']),
        });
        for (const key of keysOf('A')) expect((await get(key))?.deployment.key).toBe(only?.key);
      }),
      { numRuns: 40 },
    );
  });
});

it('the same post is a roll-back with the retried job, once another deployment ran in between', async () => {
  const retried = { deployment: 'forge:job:A2', jobUrl: `${url}/-/jobs/A2`, aliases: [], id: 'chg_retried' };
  const records = [
    ...[hook('A', 'running', 10), hook('A', 'succeeded', 11), post('A', 11), hook('B', 'succeeded', 20)],
    ...[{ ...hook('A', 'succeeded', 31), startedAt: at(30), ...retried }, post('A', 31)],
  ];
  const { record, all } = open();
  for (const one of records) await record(one);
  expect(
    (await all()).map(({ commit, changeType, sources }) => [commit?.title, changeType, sources.toSorted().join()]),
  ).toEqual([
    ['A', 'deployment', 'curl,forge'],
    ['B', 'deployment', 'forge'],
    ['A', 'rollback', 'curl,forge'],
  ]);
});

it('a run that a job caused is one change with it, however often it is reported', async () => {
  const run = { ...sync('A', 'succeeded', 3), repeatable: true as const, base: 'gitops:A of any run' };
  const start = {
    ...sync('A', 'running', 2),
    repeatable: true as const,
    deployment: 'gitops:A of any run',
    aliases: [],
  };
  for (const signals of [
    [hook('A', 'succeeded', 1), run, run],
    [start, hook('A', 'succeeded', 1), run, run, start, hook('A', 'running', 0), run],
  ]) {
    await redis.flushall();
    const { record, all } = open();
    for (const one of signals) await record(one);
    expect((await all()).map(({ state, occurredAt }) => `${state} ${occurredAt}`)).toEqual([`succeeded ${at(1)}`]);
  }
});

it('what each deployment replaced is the same in every order of the signals, whatever joins move', async () => {
  const other = { service: 'pay-app' };
  const signals = [
    ...[hook('A', 'succeeded', 1), hook('B', 'succeeded', 11)],
    ...[sync('A', 'succeeded', 3), sync('B', 'succeeded', 13)].map((one) => ({ ...one, ...other })),
    { ...sync('A', 'succeeded', 200), ...other, deployment: 'gitops:A again', id: 'chg_A_again', aliases: [] },
  ];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(signals, { minLength: signals.length }), async (shuffled) => {
      await redis.flushall();
      const { record, all } = open();
      for (const one of shuffled) await record(one);
      const replaced = (await all()).map(({ commit, replaced: one }) => [commit?.title, one?.sha]);
      expect(replaced).toEqual([
        ['A', undefined],
        ['B', sha('A')],
        ['A', sha('B')],
      ]);
    }),
    { numRuns: 25 },
  );
});

it('an alias leads to the records that moved, and stays where another record has it too', async () => {
  const { get } = open();
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const changeLog = createChangeLog(
    deployments,
    createBuildView({ rules: [], routing: {}, before: deployments.before }),
  );
  const named = (id: string, aliases: string[]) => step('A', { id, deployment: 'from', aliases, occurredAt: at(1) });
  for (const one of [named('chg_1', ['mine', 'both']), named('chg_2', ['both'])]) await changeLog.apply(one);
  await changeLog.apply({ ...named('chg_1', ['mine', 'both']), deployment: 'to' });
  await changeLog.take({ name: 'from', ids: ['chg_1'], to: 'to', areCopied: true });
  const keyOf = async (name: string) => (await get(name))?.deployment.key;
  expect([await keyOf('mine'), await keyOf('both'), await keyOf('from')]).toEqual(['to', 'from', 'from']);
});

it('an end that is concluded from the next sync is one of the deployment that this one was joined with', async () => {
  const of = 'gitops/pay';
  const counted = (commit: string, id: number, minute: number) => [
    { ...sync(commit, 'running', minute), startedAt: at(minute), history: { of } },
    { ...sync(commit, 'succeeded', minute + 1), startedAt: at(minute), history: { of, id, newest: id } },
  ];
  const records = [
    ...[hook('A', 'running', 0), hook('A', 'succeeded', 1), ...counted('A', 1, 2)],
    ...[hook('B', 'running', 60), hook('B', 'succeeded', 61), ...counted('B', 2, 62)],
  ];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(records, { minLength: records.length }), async (shuffled) => {
      await redis.flushall();
      const { record, all } = open();
      for (const one of shuffled) await record(one);
      expect((await all()).map(({ commit, state, sources }) => [commit?.title, state, sources.length])).toEqual([
        ['A', 'succeeded', 2],
        ['B', 'succeeded', 2],
      ]);
    }),
    { numRuns: 40 },
  );
});

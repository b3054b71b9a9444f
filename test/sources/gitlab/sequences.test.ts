import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { fold } from '../../../src/domain/fold.ts';
import { map, payload, recordOf } from './hooks.ts';

const KEY = 'gitlab:gitlab.harbor.example:4711:job:';
const time = (second: number) => new Date(Date.UTC(2026, 2, 4, 10, 0, second)).toISOString();
const start = (name: string) => ({ name, action: 'start' });

interface Step {
  id: number;
  status: string;
  environment?: object | null;
  /** Second at which it started, ended. */
  started?: number;
  ended?: number;
}

const job = ({ id, status, environment = null, started, ended }: Step) =>
  payload('job-running-gitlab-14', {
    build_id: id,
    build_status: status,
    environment,
    build_started_at: started === undefined ? null : time(started),
    build_finished_at: ended === undefined ? null : time(ended),
  });

const pipeline = (status: string, steps: readonly Step[]) => {
  const whole = payload('pipeline-two-of-five-jobs-deployed');
  const builds = steps.map(({ id, status: of, environment = null, started, ended }) => ({
    id,
    status: of,
    environment,
    started_at: started === undefined ? null : time(started),
    finished_at: ended === undefined ? null : time(ended),
  }));
  return { ...whole, object_attributes: { id: 600300, ref: 'main', tag: false, status }, builds };
};

const deployment = (id: number, status: string, at: number, changes: object = {}) =>
  payload('deployment-running', {
    deployable_id: id,
    deployment_id: 800000 + id,
    status,
    status_changed_at: time(at),
    environment: 'production',
    ...changes,
  });

/** A job of a pipeline as GitLab tells it: each status once, some twice, all that a stale read can give. */
const lifeOf = (id: number, environment: object | null, final: { status: string; started: number; ended: number }) =>
  [
    { id, status: 'created', environment },
    { id, status: 'pending', environment },
    { id, status: 'running', environment, started: final.started },
    { id, environment, ...final },
    { id, environment, ...final },
  ].map(job);

/** All deployments that a list of hooks adds up to. */
function deploymentsOf(hooks: readonly unknown[]): Map<string, Deployment> {
  const records = hooks.flatMap((hook) => {
    const mapped = map(hook);
    return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
  });
  const once = [...new Map(records.map((record) => [record.id, record])).values()];
  const keys = [...new Set(once.map((record) => record.deployment))].sort();
  return new Map(
    keys.map((key) => [
      key,
      fold(
        key,
        once.filter((record) => record.deployment === key),
      ),
    ]),
  );
}

/** In any order, with any of the hooks reported again. */
const anyOrder = (hooks: readonly unknown[]) =>
  fc
    .shuffledSubarray([...hooks, ...hooks], { minLength: hooks.length, maxLength: hooks.length * 2 })
    .map((told) => [...told, ...hooks.filter((hook) => !told.includes(hook))]);

/** The deployments are the same, in every field, in whichever order the hooks come. */
function expectSameInAnyOrder(hooks: readonly unknown[], states: Record<string, string>): void {
  const expected = deploymentsOf(hooks);
  const summary = Object.fromEntries([...expected].map(([key, { state }]) => [key.replace(KEY, ''), state]));
  expect(summary).toEqual(states);
  fc.assert(
    fc.property(anyOrder(hooks), (told) => {
      expect(deploymentsOf(told)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
}

describe('all the hooks of one pipeline', () => {
  const canary = start('production/canary');
  const production = start('production');
  const tests = Array.from({ length: 6 }, (_, index) => index + 1);

  it('create one deployment for each job that deployed, and none for the others', () => {
    const hooks = [
      ...tests.flatMap((id) => lifeOf(id, null, { status: 'success', started: id, ended: id + 5 })),
      ...lifeOf(20, canary, { status: 'failed', started: 20, ended: 25 }),
      ...lifeOf(21, canary, { status: 'success', started: 30, ended: 35 }),
      ...lifeOf(22, production, { status: 'success', started: 40, ended: 50 }),
      ...lifeOf(23, { name: 'review/9', action: 'stop' }, { status: 'success', started: 40, ended: 41 }),
      job({ id: 24, status: 'manual', environment: start('review/9') }),
      job({ id: 25, status: 'canceled', environment: start('review/9'), ended: 52 }),
      pipeline('created', [{ id: 22, status: 'created', environment: production }]),
      pipeline('running', [{ id: 22, status: 'running', environment: production, started: 40 }]),
      pipeline('success', [
        { id: 22, status: 'success', environment: production, started: 40, ended: 50 },
        { id: 24, status: 'skipped', environment: start('review/9') },
      ]),
      deployment(20, 'running', 20, { environment: 'production/canary' }),
      deployment(20, 'failed', 26, { environment: 'production/canary' }),
      deployment(22, 'running', 41),
      deployment(22, 'success', 49),
    ];
    expectSameInAnyOrder(hooks, { 20: 'failed', 21: 'succeeded', 22: 'succeeded', 25: 'canceled' });
  });

  it('of a pipeline canceled before its deploy job make no deployment', () => {
    const hooks = [
      ...lifeOf(1, null, { status: 'success', started: 1, ended: 5 }),
      job({ id: 22, status: 'created', environment: production }),
      pipeline('running', [{ id: 22, status: 'created', environment: production }]),
      pipeline('canceled', [{ id: 22, status: 'skipped', environment: production }]),
    ];
    expectSameInAnyOrder(hooks, {});
  });

  it('of a job canceled while it ran make one canceled deployment', () => {
    const hooks = [
      job({ id: 22, status: 'running', environment: production, started: 10 }),
      job({ id: 22, status: 'canceling', environment: production, started: 10 }),
      job({ id: 22, status: 'canceled', environment: production, started: 10, ended: 15 }),
      deployment(22, 'canceled', 15),
    ];
    expectSameInAnyOrder(hooks, { 22: 'canceled' });
  });
});

describe('approvals', () => {
  const by = (id: number, username: string) => ({ approver: { username }, approval: { id } });

  it('by two people are one deployment that names both', () => {
    const hooks = [
      deployment(22, 'blocked', 1),
      deployment(22, 'approved', 2, by(1, 'otto')),
      deployment(22, 'approved', 2, by(2, 'ida')),
      deployment(22, 'running', 3),
      deployment(22, 'success', 9),
    ];
    expectSameInAnyOrder(hooks, { 22: 'succeeded' });
    const notes = deploymentsOf(hooks).get(`${KEY}22`)?.notes;
    expect(notes).toEqual(expect.arrayContaining(['Approved by otto.', 'Approved by ida.']));
  });

  it('that were rejected are one canceled deployment: the `failed` that follows is the same outcome', () => {
    const hooks = [
      deployment(22, 'blocked', 1),
      deployment(22, 'rejected', 2, by(1, 'otto')),
      deployment(22, 'failed', 3),
    ];
    expectSameInAnyOrder(hooks, { 22: 'canceled' });
  });
});

describe('the three kinds of hook about one job', () => {
  const hooks = [
    deployment(22, 'success', 49),
    job({ id: 22, status: 'success', environment: start('production'), started: 40, ended: 50 }),
    pipeline('success', [{ id: 22, status: 'success', environment: start('production'), started: 40, ended: 50 }]),
  ];

  it('are combined: the deployment hook decides, the others add what it leaves open', () => {
    expect(deploymentsOf(hooks).get(`${KEY}22`)).toMatchObject({
      state: 'succeeded',
      startedAt: time(40),
      finishedAt: time(49),
      environment: { name: 'production', tier: 'production', url: 'https://lighthouse.harbor.example' },
      tag: false,
      pipelineUrl: expect.stringContaining('/-/pipelines/600300'),
      pullRequest: { number: '12' },
      signals: ['deployment hook', 'job hook', 'pipeline hook'],
    });
  });

  it('are three records of one key, and the same three if a group and a project hook send them', () => {
    const ids = (headers: Record<string, string>) => hooks.map((hook) => recordOf(hook, headers).id);
    expect(new Set(ids({})).size).toBe(3);
    expect(ids({ 'idempotency-key': 'group' })).toEqual(ids({ 'idempotency-key': 'project' }));
  });
});

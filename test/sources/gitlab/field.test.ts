import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { type FakeGitlab, startFakeGitlab } from '../../support/fake-gitlab.ts';
import { map, payload, reasonOf, recordOf, webhook } from './hooks.ts';
import { API, answerOf, lastHook, missedBy, SHA, sourceAt } from './with-api.ts';

/** Payloads of real GitLabs that were once recorded wrongly, with invented names. */

const deployment = (changes: object = {}) =>
  payload('deployment-running', { status: 'success', ref: 'main', ...changes });
const build = (changes: object = {}) => ({
  id: 15700000042,
  name: 'deploy production',
  status: 'success',
  started_at: '2025-05-06 07:14:05 UTC',
  finished_at: '2025-05-06 07:18:00 UTC',
  duration: 235,
  environment: { name: 'production', action: 'start' },
  ...changes,
});
const pipeline = (builds: readonly object[], attributes: object = {}, changes: object = {}) =>
  payload('pipeline-two-of-five-jobs-deployed', {
    object_attributes: { id: 600300, ref: 'main', tag: false, status: 'success', ...attributes },
    builds,
    ...changes,
  });
const recordsOf = (hook: unknown) => {
  const mapped = map(hook);
  return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
};
const foldAll = (records: readonly ChangeRecord[]) => fold(records[0]?.deployment ?? '', records);

describe('a SHA-256 repository', () => {
  const sha = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';

  it('has its commit in all kinds of hooks, without a note about a short sha', () => {
    const hook = deployment({
      short_sha: '2d711642',
      commit_url: `https://gitlab.harbor.example/harbor/pay/-/commit/${sha}`,
    });
    expect(recordOf(hook).commit?.sha).toBe(sha);
    expect(recordOf(hook).notes).toEqual([]);
    expect(recordOf(payload('job-success-gitlab-19', { sha })).commit?.sha).toBe(sha);
    expect(recordsOf(pipeline([build()], { sha }))[0]?.commit?.sha).toBe(sha);
  });
});

describe("the ref of a merge request's pipeline", () => {
  it.each(['head', 'merge', 'train'])('refs/merge-requests/42/%s is merge request 42, and no branch', (kind) => {
    const ref = `refs/merge-requests/42/${kind}`;
    for (const record of [recordOf(deployment({ ref })), recordOf(payload('job-success-gitlab-19', { ref }))]) {
      expect(record).not.toHaveProperty('ref');
      expect(record.pullRequest?.number).toBe('42');
      expect(record.pullRequest?.url).toMatch(/^https:\/\/gitlab\.harbor\.example\/.*\/-\/merge_requests\/42$/);
    }
  });

  it('is replaced by the branch of the pipeline hook, in either order', () => {
    const mergeRequest = { iid: 42, title: 'Round totals', url: 'https://gitlab.harbor.example/x/-/merge_requests/42' };
    const hooks = [
      deployment({ ref: 'refs/merge-requests/42/merge' }),
      pipeline([build()], { ref: 'round-totals' }, { merge_request: mergeRequest }),
    ];
    for (const order of [hooks, hooks.toReversed()]) {
      const told = foldAll(order.flatMap(recordsOf));
      expect(told).toMatchObject({ ref: 'round-totals', pullRequest: { number: '42', title: 'Round totals' } });
    }
  });

  it.each([
    ['refs/heads/main', { ref: 'main', tag: false }],
    ['refs/tags/v1.4.0', { ref: 'v1.4.0', tag: true }],
  ])('%s is cleaned', (ref, named) => {
    expect(recordOf(deployment({ ref }))).toMatchObject(named);
  });
});

describe('the message of a merge commit', () => {
  const message = "Merge branch 'lamp' into 'main'\n\nTurn the lamp\n\nSee merge request harbor/lighthouse-api!101\n";

  it('names the merge request if no other field does', () => {
    const commit = { id: 600300, sha: SHA, message, author_name: 'Ida' };
    expect(recordOf(payload('job-success-gitlab-19', { commit, ref: 'main' })).pullRequest?.number).toBe('101');
    const [record] = recordsOf(pipeline([build()], {}, { commit: { id: SHA, message }, merge_request: null }));
    expect(record?.pullRequest?.number).toBe('101');
  });
});

describe("GitLab's button Test", () => {
  const running = deployment({ status: 'running', status_changed_at: '2026-10-20 10:15:00 +0000' });
  const success = deployment({ status_changed_at: '2026-10-20 10:18:00 +0000' });
  const test = deployment({ status_changed_at: '2026-10-28 10:18:00 +0000' });

  it('changes no time, in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([running, success, test, test], { minLength: 4 }), (hooks) => {
        expect(foldAll(hooks.flatMap(recordsOf))).toMatchObject({
          state: 'succeeded',
          occurredAt: '2026-10-20T10:18:00.000Z',
          finishedAt: '2026-10-20T10:18:00.000Z',
        });
      }),
    );
  });
});

describe('a custom template', () => {
  it('without status gets an error that names the missing field', () => {
    const mapped = map({ text: 'production is success' }, { 'x-gitlab-event': 'Deployment Hook' });
    expect(mapped).toMatchObject({ kind: 'ignored', reason: 'unmapped' });
    expect(mapped).toMatchObject({ detail: expect.stringContaining('your template lacks status') });
    expect(reasonOf(payload('job-success-gitlab-19', { build_status: undefined }))).toBe('unmapped');
  });
});

describe('a job that never ran', () => {
  const never = { started_at: null, finished_at: '2025-05-06 07:18:00 UTC', duration: null };

  it.each([
    ['failed', { failure_reason: 'failed_outdated_deployment_job' }],
    ['failed', { failure_reason: 'stuck_or_timeout_failure' }],
    ['canceled', {}],
  ])('(%s, %j) is not a failure, in any order of the hooks', (status, reason) => {
    const hooks = [
      deployment({ status }),
      pipeline([build({ status, ...never, ...reason })]),
      payload('job-success-gitlab-19', {
        build_id: 15700000042,
        build_status: status,
        build_started_at: null,
        build_started_at_iso: null,
        build_failure_reason: 'unknown_failure',
      }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...hooks, ...hooks], { minLength: 3 }), (told) => {
        const records = told.flatMap(recordsOf);
        if (!records.some(({ endReason }) => endReason === 'never_ran')) return;
        expect(foldAll(records)).toMatchObject({ state: 'canceled', endReason: 'never_ran' });
      }),
    );
  });

  it('keeps its status if a part of it ran', () => {
    const records = [deployment({ status: 'running' }), deployment({ status: 'failed' })].flatMap(recordsOf);
    expect(foldAll(records).state).toBe('failed');
  });
});

describe('the row of the API', () => {
  let fake: FakeGitlab;
  let source: ReturnType<typeof sourceAt>;
  beforeEach(async () => {
    fake = await startFakeGitlab({ projects: [API], hooks: { url: 'http://127.0.0.1:1/', beforeReply: 0 } });
    source = sourceAt(fake.url);
  });
  afterEach(() => fake.close());
  const deploy = (changes: object = {}) =>
    fake.addByJob({
      project: API.path,
      environment: 'production',
      sha: SHA,
      ref: 'main',
      status: 'success',
      ...changes,
    });
  const at = new Date('2026-10-20T10:18:00.000Z');

  it('a test that is the first report has the time of the row', async () => {
    deploy({ at });
    const hook = { ...fake.hooks.at(-1)?.body, status_changed_at: '2026-10-28 10:18:00 +0000' };
    const mapped = source.map(hook, webhook(hook, { 'x-gitlab-event': 'Deployment Hook' }));
    const [lookup] = mapped.kind === 'records' ? (mapped.lookups ?? []) : [];
    if (mapped.kind !== 'records' || !lookup) throw new Error('nothing is asked');
    const records = [...mapped.records.map((record) => ChangeRecord.parse(record)), await answerOf(source, lookup)];
    for (const order of [records, records.toReversed()])
      expect(foldAll(order)).toMatchObject({ occurredAt: at.toISOString(), finishedAt: at.toISOString() });
  });

  it.each(['failed', 'canceled'] as const)(
    'webhook, lookup and backfill agree on one that %s before its start',
    async (status) => {
      deploy({ status, neverStarted: true });
      const { record, lookup } = lastHook(source, fake);
      const answer = await answerOf(source, lookup);
      const { records } = await missedBy(source, new Date(Date.now() - 3_600_000));
      expect(records.map(({ deployment: key, endReason }) => [key, endReason])).toEqual([
        [record.deployment, 'never_ran'],
      ]);
      for (const order of [
        [record, answer],
        [answer, record],
        [record, ...records],
      ])
        expect(foldAll(order)).toMatchObject({ state: 'canceled', endReason: 'never_ran' });
    },
  );

  it('looks up the merge request of its pipeline, even before the end, and uses its branch', async () => {
    const number = 42;
    fake.options.projects = [
      { ...API, mergeRequests: [{ iid: number, title: 'Round totals', commits: [], sourceBranch: 'round-totals' }] },
    ];
    deploy({ status: 'running', ref: `refs/merge-requests/${number}/merge` });
    const { record, lookup } = lastHook(source, fake);
    const told = foldAll([record, await answerOf(source, lookup)]);
    expect(told).toMatchObject({ ref: 'round-totals', pullRequest: { number: '42', title: 'Round totals' } });
  });

  it('has the number even if GitLab shows no merge request', async () => {
    deploy({ ref: 'refs/merge-requests/7/train' });
    const { lookup } = lastHook(source, fake);
    const answer = await answerOf(source, lookup);
    expect(answer).toMatchObject({ pullRequest: { number: '7' } });
    expect(answer).not.toHaveProperty('ref');
  });
});

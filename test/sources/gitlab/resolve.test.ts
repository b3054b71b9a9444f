import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fold } from '../../../src/domain/fold.ts';
import { gitlab } from '../../../src/sources/gitlab/index.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../../support/fake-gitlab.ts';
import { map, payload, SECRET, webhook } from './hooks.ts';
import { API, answerOf, call, failureOf, lastHook, SHA, sourceAt } from './with-api.ts';

let fake: FakeGitlab;
let source: ReturnType<typeof sourceAt>;

beforeEach(async () => {
  // The hooks themselves go nowhere: they are read from the fake.
  fake = await startFakeGitlab({ projects: [API], hooks: { url: 'http://127.0.0.1:1/', beforeReply: 0 } });
  source = sourceAt(fake.url);
});
afterEach(() => fake.close());

const deploy = (status: 'running' | 'success' | 'failed' | 'skipped' = 'success', changes: object = {}) =>
  fake.addByJob({ project: API.path, environment: 'production', sha: SHA, ref: 'main', status, ...changes });
const asked = () => fake.requests.map(({ path }) => path.replace('/api/v4/projects/30', ''));

describe('the configuration', () => {
  const parse = (api: object) => gitlab.safeParse({ type: 'gitlab', secrets: [SECRET], api });

  it.each([[{}], [{ projects: ['harbor/lighthouse-api'] }]])('%j means no API', (api) => {
    const { data } = parse(api);
    for (const part of ['resolve', 'missed', 'applyHooks']) expect(data).not.toHaveProperty(part);
  });

  it.each([
    [{ url: 'https://gitlab.harbor.example' }, 'token', /url is set but token is not: set token too/],
    [{ token: GITLAB_TOKEN }, 'url', /token is set but url is not: set url too/],
    [{ url: 'gitlab.harbor.example', token: GITLAB_TOKEN }, 'url', /write a URL/],
    [{ url: 'https://gitlab.harbor.example', token: `${GITLAB_TOKEN}\n` }, 'token', /white space/],
  ])('%j is refused, and says what is missing', (api, key, message) => {
    const issue = parse(api).error?.issues[0];
    expect(issue?.path).toEqual(['api', key]);
    expect(issue?.message).toMatch(message);
    expect(issue?.message).not.toContain(GITLAB_TOKEN);
  });

  it('refuses a key that it does not know', () => {
    expect(parse({ tokn: GITLAB_TOKEN }).success).toBe(false);
  });
});

describe('the lookup of a webhook', () => {
  it('is one for each deployment of the configured GitLab, without a secret', () => {
    deploy();
    const { record, lookup } = lastHook(source, fake);
    expect(lookup).toMatchObject({ deployment: '101', project: '30', key: record.deployment });
    expect(JSON.stringify(lookup)).not.toMatch(new RegExp(`${GITLAB_TOKEN}|${SECRET}`));
  });

  it('is none for another GitLab, without a deployment id, or without an API', () => {
    const lookupsOf = (hook: object) => {
      const mapped = source.map(hook, webhook(hook));
      return mapped.kind === 'records' ? mapped.lookups : [];
    };
    expect(lookupsOf(payload('deployment-running'))).toBeUndefined();
    deploy();
    expect(lookupsOf({ ...fake.hooks[0]?.body, deployment_id: null })).toBeUndefined();
    expect(map(fake.hooks[0]?.body)).not.toHaveProperty('lookups');
  });

  it('is none for job and pipeline hooks', () => {
    for (const name of ['job-success-gitlab-19', 'pipeline-two-of-five-jobs-deployed']) {
      const hook = JSON.parse(JSON.stringify(payload(name)).replaceAll('https://gitlab.harbor.example', fake.url));
      expect(source.map(hook, webhook(hook))).not.toHaveProperty('lookups');
    }
  });
});

describe('the answer', () => {
  const mergeRequests = [
    { iid: 9, title: 'Oil the gears', merged_at: '2026-03-12T10:00:00.000Z', commits: [SHA] },
    { iid: 12, title: 'Turn the lamp faster', merged_at: '2026-03-14T10:00:00.000Z', commits: [SHA] },
  ];

  it('completes the deployment: tag, job, pipeline, merge requests, commit, people and files', async () => {
    fake.options.projects = [{ ...API, mergeRequests, files: { [SHA]: ['src/lamp.ts', 'db/001.sql'] } }];
    deploy('success', { ref: 'v2.1', tag: true });
    const { record, lookup } = lastHook(source, fake);
    const answer = await answerOf(source, lookup);
    expect(answer).toMatchObject({
      deployment: record.deployment,
      aliases: record.aliases,
      occurrence: record.occurrence,
      signal: 'deployments API',
      authoritative: true,
      state: 'succeeded',
      tag: true,
      job: 'deploy',
      actor: 'mira',
      pipelineUrl: `${fake.url}/harbor/lighthouse-api/-/pipelines/7101`,
      pullRequest: { number: '12', title: 'Turn the lamp faster' },
      notes: ['Also ships the merge requests !9.'],
      paths: ['src/lamp.ts', 'db/001.sql'],
      commit: { sha: SHA, author: 'Ida Example', committedAt: '2026-03-14T18:40:00.000Z' },
    });
    expect(answer).not.toHaveProperty('madeByApi');
    expect(JSON.stringify(answer)).not.toContain('ida@harbor.example');
    const whole = fold(record.deployment, [record, answer]);
    expect(whole).toMatchObject({ state: 'succeeded', tag: true, pullRequest: { number: '12' }, job: 'deploy' });
  });

  it('needs at most 5 requests, and caches what cannot change', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    const first = await answerOf(source, lookup);
    const commit = `/repository/commits/${SHA}`;
    const changing = ['/deployments/101', '/deployments/101/merge_requests', `${commit}/merge_requests`];
    expect(asked()).toEqual([...changing, `${commit}/diff`]);
    expect((await answerOf(source, lookup)).id).toBe(first.id);
    expect(asked().slice(4)).toEqual(changing);
  });

  it('uses the merge request of the commit if GitLab has linked none yet, and is another record afterwards', async () => {
    const unlinked = mergeRequests.map((one) => ({ ...one, linked: false }));
    const closed = { iid: 5, title: 'No', state: 'closed' as const, commits: [SHA], linked: false };
    fake.options.projects = [{ ...API, mergeRequests: [...unlinked, closed] }];
    deploy();
    const { lookup } = lastHook(source, fake);
    const early = await answerOf(source, lookup);
    expect(early.pullRequest?.number).toBe('12');
    fake.options.projects = [
      { ...API, mergeRequests: [...mergeRequests, { ...closed, iid: 11, state: 'merged', linked: true }] },
    ];
    const late = await answerOf(source, lookup);
    expect(late.notes).toEqual(['Also ships the merge requests !9, !11.']);
    expect(late.id).not.toBe(early.id);
  });

  it('does not query merge requests before the success', async () => {
    deploy('running');
    const answer = await answerOf(source, lastHook(source, fake).lookup);
    expect(answer).toMatchObject({ state: 'running', startedAt: fake.deployments[0]?.started_at });
    expect(answer).not.toHaveProperty('finishedAt');
    expect(asked().join()).not.toContain('merge_requests');
  });

  it('is the current state, if the next step was faster than the lookup', async () => {
    deploy('running');
    const { record, lookup } = lastHook(source, fake);
    const [row] = fake.deployments;
    if (row) Object.assign(row, { status: 'failed', finished_at: row.updated_at });
    const answer = await answerOf(source, lookup);
    expect(fold(record.deployment, [record, answer]).state).toBe('failed');
  });

  it('distinguishes a rejection from a failure by the approvals', async () => {
    deploy('failed');
    const [row] = fake.deployments;
    if (row) row.approvals = [{ status: 'rejected', user: { username: 'otto' } }];
    const answer = await answerOf(source, lastHook(source, fake).lookup);
    expect(answer).toMatchObject({ state: 'canceled', rejected: true, notes: ['Rejected by otto.'] });
  });

  it('about a deployment that the API created reads its commit, and marks it as a possible echo', async () => {
    const body = { environment: 'production', sha: SHA, ref: 'main', tag: false, status: 'success' };
    await fetch(`${fake.url}/api/v4/projects/30/deployments`, {
      method: 'POST',
      headers: { 'private-token': GITLAB_TOKEN, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { record, lookup } = lastHook(source, fake);
    const answer = await answerOf(source, lookup);
    expect(answer.madeByApi).toEqual(record.madeByApi);
    expect(answer).toMatchObject({ deployment: record.deployment, commit: { author: 'Ida Example' } });
    expect(answer).not.toHaveProperty('occurrence');
    expect(fake.requests.length - 1).toBeLessThanOrEqual(5);
  });

  it('keeps the key of a trigger job, which the API does not show', async () => {
    const row = deploy();
    Object.assign(row, { job: undefined });
    const { record, lookup } = lastHook(source, fake);
    const answer = await answerOf(source, lookup);
    expect(answer.deployment).toBe(record.deployment);
    expect(answer).not.toHaveProperty('madeByApi');
  });

  it('about a missing deployment is a message, not a failure', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    fake.deployments.length = 0;
    expect(await source.resolve(lookup, call())).toEqual({
      kind: 'ignored',
      reason: 'needs_lookup',
      detail: expect.stringMatching(/no deployment 101 of harbor\/lighthouse-api: it was deleted, or .*Developer/),
    });
  });

  it.each([
    ['skipped', 'not_started'],
    ['dancing', 'unknown_status'],
  ])('with the status %s is ignored: %s', async (status, reason) => {
    const row = deploy();
    const { lookup } = lastHook(source, fake);
    Object.assign(row, { status });
    expect(await source.resolve(lookup, call())).toMatchObject({ kind: 'ignored', reason });
  });

  it('is used in spite of invalid fields', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    const body = { id: {}, status: 'success', ref: 7, sha: [], user: 'mira', environment: 3, deployable: 'no' };
    fake.inject({ kind: 'wrong-reply', status: 200, body });
    expect(await answerOf(source, lookup)).toMatchObject({
      deployment: lookup['key'],
      state: 'succeeded',
      environment: { name: 'unknown' },
    });
  });

  it('has no files if GitLab’s list of them is too large, with a note', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    const body = [{ new_path: 'package-lock.json', diff: 'x'.repeat(1024 * 1024) }];
    fake.inject({ kind: 'wrong-reply', status: 200, body, path: /\/diff$/ });
    const answer = await answerOf(source, lookup);
    expect(answer.paths).toEqual([]);
    expect(answer.notes).toEqual(['The files of the commit are not known: the list of them is too large.']);
  });

  it('leaves out what the token may not read', async () => {
    deploy();
    fake.inject({ kind: 'status', status: 403, path: /repository/, times: 9 });
    expect(await answerOf(source, lastHook(source, fake).lookup)).toMatchObject({ state: 'succeeded', paths: [] });
  });
});

describe('a GitLab that is unreachable', () => {
  it('loses nothing: the lookup is retried with backoff', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    await fake.down();
    const error = await failureOf(source.resolve(lookup, call()));
    expect(error.retry).toBe('backoff');
    expect(error.message).not.toContain(GITLAB_TOKEN);
    await fake.up();
    const again = sourceAt(fake.url); // the same one leaves GitLab alone for 5 s
    expect(await answerOf(again, lookup)).toMatchObject({ state: 'succeeded' });
  });

  it('during a response fails the whole lookup, which is retried', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    fake.inject({ kind: 'status', status: 502, path: /\/diff$/ });
    expect((await failureOf(source.resolve(lookup, call()))).retry).toMatchObject({ hold: 'job' });
  });

  it('that rejects the token is queried again later', async () => {
    deploy();
    const { lookup } = lastHook(source, fake);
    fake.options.token = 'glpat-another';
    const error = await failureOf(source.resolve(lookup, call()));
    expect(error.message).toMatch(/401 .*Check the token/);
    expect(error.retry).toEqual({ afterMs: 60_000, hold: 'job' });
  });
});

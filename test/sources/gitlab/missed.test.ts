import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../../support/fake-gitlab.ts';
import { type FakeWebhook, fakeEvent, fakeWebhook } from '../../support/fake-gitlab-hooks.ts';
import { API, call, failureOf, lastHook, missedBy, SHA, sourceAt } from './with-api.ts';

const HOUR_MS = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
const WEB = { id: 31, path: 'harbor/web/lighthouse-page', acceptAnySha: true };
const OTHER = { id: 40, path: 'quay/crane', acceptAnySha: true };

let fake: FakeGitlab;

beforeEach(async () => {
  const hooks = { url: 'http://127.0.0.1:1/', beforeReply: 0 };
  fake = await startFakeGitlab({ projects: [API, WEB, OTHER], hooks });
});
afterEach(() => fake.close());

const deploy = (at: Date, changes: object = {}) =>
  fake.addByJob({
    project: API.path,
    environment: 'production',
    sha: SHA,
    ref: 'main',
    status: 'success',
    at,
    ...changes,
  });
const asked = () => fake.requests.map(({ method, path }) => `${method} ${path.replace('/api/v4', '')}`);
const keyOf = (id: number, job: number) => `gitlab:${new URL(fake.url).host}:${id}:job:${job}`;

describe('a missed deployment', () => {
  it('in two hours is found, with the key of its webhook, and nothing older', async () => {
    const source = sourceAt(fake.url, { projects: [API.path] });
    deploy(ago(5));
    const { record: hook } = lastHook(source, fake);
    deploy(ago(1.5), { environment: 'staging', status: 'failed' });
    const { record: second } = lastHook(source, fake);
    const { records, warnings } = await missedBy(source, ago(2));
    expect(warnings).toEqual([]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      deployment: second.deployment,
      aliases: second.aliases,
      occurrence: second.occurrence,
      state: 'failed',
      environment: { name: 'staging' },
      repository: { name: API.path, gitlabProject: '30' },
      authoritative: true,
      occurredAt: fake.deployments[1]?.finished_at,
    });
    expect(records[0]?.deployment).not.toBe(hook.deployment);
    const again = await missedBy(source, ago(2));
    expect(again.records.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  });

  it('is read page by page', async () => {
    for (let index = 0; index < 101; index += 1) deploy(ago(1), { environment: `review/${index}` });
    const { pages } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect(pages.map((page) => page.length)).toEqual([100, 1]);
    expect(new Set(pages.flat().map(({ environment }) => environment.name)).size).toBe(101);
  });

  it('is read by Link if GitLab names no next page', async () => {
    for (let index = 0; index < 3; index += 1) deploy(ago(1));
    const path = /\/30\/deployments$/;
    const row = (id: number) => ({ id, status: 'success', environment: { name: 'production' } });
    const link = `<https://elsewhere.example/api/v4/projects/30/deployments?cursor=b&per_page=100>; rel="next"`;
    fake.inject({ kind: 'status', status: 200, body: [row(1)], headers: { link }, path });
    fake.inject({ kind: 'status', status: 200, body: [row(2)], path });
    const { records } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect(records).toHaveLength(2);
    const second = fake.requests.filter((one) => path.test(one.path))[1];
    expect(second?.query.get('cursor')).toBe('b');
  });

  it('is read in smaller pages if one is too large', async () => {
    deploy(ago(1));
    const body = [{ note: 'x'.repeat(1024 * 1024) }];
    fake.inject({ kind: 'wrong-reply', status: 200, body, path: /\/deployments$/ });
    const { records, warnings } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect([records.length, warnings]).toEqual([1, []]);
    const sizes = fake.requests.flatMap(({ query, path }) => (/ments$/.test(path) ? [query.get('per_page')] : []));
    expect(sizes).toEqual(['100', '20']);
  });

  it('is marked if the API created it, so that our own writes are dropped', async () => {
    const row = deploy(ago(1));
    Object.assign(row, { job: undefined });
    const { records } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect(records[0]?.madeByApi).toEqual({
      projects: ['30', API.path],
      deploymentId: String(row.id),
      environment: 'production',
      shortSha: SHA.slice(0, 8),
    });
  });

  it('is neither a job that was not started, nor a skipped one', async () => {
    deploy(ago(1), { status: 'created' });
    deploy(ago(1), { status: 'skipped' });
    deploy(ago(1), { status: 'blocked' });
    deploy(ago(1), { status: 'blocked' }).pending_approval_count = 1;
    const { records } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect(records.map(({ state }) => state)).toEqual(['pending']);
  });
});

describe('the queried projects', () => {
  const deployAll = () => [API, WEB, OTHER].map(({ path }) => deploy(ago(1), { project: path }));

  it('are those of the groups and subgroups, each once', async () => {
    const rows = deployAll();
    const source = sourceAt(fake.url, { projects: [API.path], groups: ['harbor'] });
    const { records } = await missedBy(source, ago(2));
    const keys = [keyOf(30, rows[0]?.job ?? 0), keyOf(31, rows[1]?.job ?? 0)];
    expect(records.map(({ deployment }) => deployment).sort()).toEqual(keys.sort());
  });

  it('are all active ones of the token’s user, if none is configured', async () => {
    fake.options.projects = [API, { ...WEB, lastActivityAt: ago(20).toISOString() }, OTHER].map((project) =>
      project === OTHER ? { ...project, lastActivityAt: ago(40).toISOString() } : project,
    );
    await missedBy(sourceAt(fake.url), ago(2));
    expect(asked().filter((line) => line.endsWith('/deployments'))).toEqual([
      'GET /projects/30/deployments',
      'GET /projects/31/deployments',
    ]);
  });

  it('are at most 500, with a warning', async () => {
    fake.options.projects = Array.from({ length: 501 }, (_, index) => ({ id: index + 1, path: `harbor/p${index}` }));
    for (const { path } of fake.options.projects) deploy(ago(1), { project: path });
    const warnings: string[] = [];
    const warn = (finding: string) => void warnings.push(finding);
    const run = sourceAt(fake.url)
      .missed(ago(2), { ...call(), warn })
      [Symbol.asyncIterator]();
    await run.next(); // the projects are known; the other 499 would only take long
    await run.return?.();
    expect(warnings).toEqual([expect.stringMatching(/first 500 projects .* api\.projects or api\.groups/)]);
    expect(asked().filter((line) => line.endsWith('/deployments'))).toHaveLength(1);
  });

  it('are read even if one fails, which is named', async () => {
    deploy(ago(1), { project: OTHER.path });
    fake.options.projects = [{ ...API, role: 'none' }, WEB, OTHER];
    fake.inject({ kind: 'status', status: 403, path: /\/31\/deployments/ });
    const source = sourceAt(fake.url, { projects: [API.path, WEB.path, OTHER.path] });
    const { records, warnings } = await missedBy(source, ago(2));
    expect(records).toHaveLength(1);
    expect(warnings).toEqual([
      expect.stringMatching(/no project harbor\/lighthouse-api: correct api\.projects, or .*Developer/),
      expect.stringMatching(/harbor\/web\/lighthouse-page could not be read: .*403/),
    ]);
  });

  it('include a warning if GitLab has another host name than configured', async () => {
    const body = { id: 30, path_with_namespace: API.path, web_url: `https://gitlab.harbor.example/${API.path}` };
    fake.inject({ kind: 'wrong-reply', status: 200, body, path: /\/projects\/30$/ });
    const { warnings } = await missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
    expect(warnings).toEqual([expect.stringMatching(/calls itself gitlab\.harbor\.example: write that address/)]);
  });
});

describe('an unavailable GitLab API', () => {
  it('fails the run if there is no response', async () => {
    const source = sourceAt(fake.url);
    await fake.down();
    expect((await failureOf(missedBy(source, ago(2)))).retry).toBe('backoff');
  });

  it('fails the run if it rejects the token', async () => {
    fake.options.token = 'glpat-another';
    const error = await failureOf(missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2)));
    expect(error.message).toMatch(/401/);
    expect(error.message).not.toContain(GITLAB_TOKEN);
  });

  it('fails the run even for one project, which is then read again from the same time', async () => {
    fake.inject({ kind: 'status', status: 500, path: /\/deployments$/ });
    const error = await failureOf(missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2)));
    expect(error.message).toMatch(/500/);
  });
});

describe('the webhooks that point to the bridge', () => {
  const put = (changes: Partial<FakeWebhook> = {}) => {
    fake.options.projects = [{ ...API, role: 'maintainer' }];
    const url = 'https://shiplog.harbor.example/webhooks/gitlab';
    const hook = fakeWebhook({ owner: 'project:30', url, ...changes });
    fake.webhooks.push(hook);
    return hook;
  };
  const run = () => missedBy(sourceAt(fake.url, { projects: ['30'] }), ago(2));
  const failedEvents = (count: number) =>
    Array.from({ length: count }, (_, index) => fakeEvent({ id: index + 1, created_at: ago(1).toISOString() }));

  it.each([
    [{ alert_status: 'disabled' as const }, /disabled for good/],
    [
      { alert_status: 'temporarily_disabled' as const, disabled_until: '2030-01-01T10:00:00.000Z' },
      /disabled until 2030-01-01T10:00:00\.000Z/,
    ],
    [{ disabled_until: '2030-01-01T10:00:00.000Z' }, /disabled until 2030/],
  ])('are reported when they are disabled: %j', async (changes, message) => {
    put(changes);
    const { warnings } = await run();
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(warnings[0]).toMatch(/webhook of harbor\/lighthouse-api .*press Test/);
  });

  it('are not reported if they work, point elsewhere, or are not visible', async () => {
    put();
    put({ id: 2, url: 'https://shiplog.harbor.example/webhooks/gitlab-2', alert_status: 'disabled' });
    expect((await run()).warnings).toEqual([]);
    fake.options.projects = [API];
    expect((await run()).warnings).toEqual([]);
  });

  it('resend their failed events, each once', async () => {
    const hook = put({
      events: [
        fakeEvent({ id: 1, created_at: ago(1).toISOString() }),
        fakeEvent({ id: 2, created_at: ago(1).toISOString(), response_status: 'internal error' }),
        fakeEvent({ id: 3, created_at: ago(1).toISOString(), response_status: '401' }),
        fakeEvent({ id: 4, created_at: ago(5).toISOString() }),
        fakeEvent({ id: 5, created_at: ago(1).toISOString(), trigger: 'push_hooks' }),
        fakeEvent({ id: 6, created_at: ago(1).toISOString(), key: 'came' }),
        fakeEvent({ id: 7, created_at: ago(1).toISOString(), key: 'came', response_status: '202' }),
      ],
    });
    const source = sourceAt(fake.url, { projects: ['30'] });
    const again = () => asked().filter((line) => line.endsWith('/resend'));
    expect((await missedBy(source, ago(2))).warnings).toEqual([]);
    expect(again().sort()).toEqual([1, 2, 3].map((id) => `POST /projects/30/hooks/${hook.id}/events/${id}/resend`));
    await missedBy(source, ago(2));
    await run(); // another process, which remembers nothing
    expect(again()).toHaveLength(3);
  });

  it('resend 5 per minute, however often it runs, with the number left', async () => {
    put({ events: failedEvents(8) });
    const source = sourceAt(fake.url, { projects: ['30'] });
    expect((await missedBy(source, ago(2))).warnings).toEqual([expect.stringMatching(/3 more events .* failed/)]);
    expect((await missedBy(source, ago(2))).warnings).toEqual([expect.stringMatching(/3 more events .* failed/)]);
    expect(asked().filter((line) => line.endsWith('/resend'))).toHaveLength(5);
    expect(fake.refused).toEqual([]);
  });

  it('that fail again, or may not be resent now, are reported and do not end the run', async () => {
    put({ events: failedEvents(2) });
    fake.inject({ kind: 'wrong-reply', status: 201, body: { response_status: 503 }, path: /resend$/ });
    expect((await run()).warnings).toEqual([expect.stringMatching(/sent again and answered 503/)]);
    fake.inject({ kind: 'status', status: 429, body: 'Retry later', path: /resend$/ });
    expect((await run()).warnings).toEqual([expect.stringMatching(/could not be sent again: .*429/)]);
  });

  it('of the groups are checked as well', async () => {
    put({ owner: 'group:harbor', alert_status: 'disabled' });
    const { warnings } = await missedBy(sourceAt(fake.url, { groups: ['harbor'] }), ago(2));
    expect(warnings).toEqual([expect.stringMatching(/webhook of group harbor is disabled for good/)]);
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { gitlabDeployments } from '../../../src/sinks/gitlab-deployments/index.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../../support/fake-gitlab.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const PROJECT = 'harbor/lighthouse-api';

let fake: FakeGitlab;
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const config = { type: 'gitlab-deployments', url: fake.url, token: GITLAB_TOKEN, timeout_seconds: 60, ...over };
  const made = gitlabDeployments.parse(config);
  if (!made) throw new Error('the sink is off');
  return made;
};

/** What GitLab shows: one line a row. */
const rows = () => fake.deployments.map(({ status, ref, environment }) => `${environment} ${ref} ${status}`);

const at = (state: Deployment['state'], over: Partial<Deployment> = {}) => aDeployment({ state, ...over });

beforeEach(async () => {
  fake = await startFakeGitlab({ projects: [{ id: 30, path: PROJECT, commits: [sha(1), sha(2)], tags: ['v4'] }] });
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

describe('the configuration of gitlab-deployments', () => {
  it('is off with neither url nor token', () => {
    expect(gitlabDeployments.parse({ type: 'gitlab-deployments' })).toBeUndefined();
  });

  it.each([
    ['url', 'token', { url: 'https://gitlab.example.com' }],
    ['token', 'url', { token: 'glpat-abcdefghijkl' }],
  ])('says, with only %s, that %s is missing', (given, missing, config) => {
    const { error } = gitlabDeployments.safeParse({ type: 'gitlab-deployments', ...config });
    expect(error?.issues).toMatchObject([{ path: [missing] }]);
    expect(error?.issues[0]?.message).toContain(`${given} is set but ${missing} is not`);
  });
});

describe('what GitLab receives', () => {
  it.each<[string, Partial<Deployment>]>([
    ['GitLab made it itself', { source: 'gitlab' }],
    ['not begun', { state: 'pending' }],
    ['a job of this GitLab', { source: 'changes-api', reportedSource: 'gitlab-ci' }],
    ['shiplog/gitlab-project', { repository: { name: 'x', url: 'https://bitbucket.org/harbor/lighthouse-api' } }],
  ])('is not: %s', (why, over) => {
    expect(sink.wants(aDeployment(over))).toMatchObject({ wanted: false, why: expect.stringContaining(why) });
  });

  it('excludes what a job of this GitLab reported by curl', () => {
    expect(sink.wants(aDeployment({ pipelineUrl: `${fake.url}/${PROJECT}/-/pipelines/5` }))).toMatchObject({
      wanted: false,
    });
    expect(
      makeSink({ hosts: ['Git.Example.com'] }).wants(aDeployment({ jobUrl: 'https://git.example.com/a/b/-/jobs/5' })),
    ).toMatchObject({ wanted: false });
    expect(sink.wants(aDeployment({ pipelineUrl: 'https://ci.example.com/5' }))).toEqual({ wanted: true });
  });

  it.each([
    ['a repository on the same host', (url: string) => `${url}/${PROJECT}.git`],
    ['a repository under another name of the host', () => `https://git.example.com/${PROJECT}`],
  ])('goes to the project of %s', async (_, urlOf) => {
    const repository = { name: 'lighthouse', url: urlOf(fake.url) };
    await ledger.deliver(makeSink({ hosts: ['git.example.com'] }), aDeployment({ repository }));
    expect(fake.requests[0]?.path).toBe('/api/v4/projects/harbor%2Flighthouse-api/deployments');
    expect(rows()).toEqual(['production main success']);
  });

  it('finds the project of a GitLab under a path', () => {
    const under = makeSink({ url: 'https://example.com/gitlab' });
    const repository = { name: 'x', url: 'https://example.com/gitlab/harbor/deep/er/api' };
    expect(under.lane?.(aDeployment({ repository }))).toBe(`harbor/deep/er/api|production|${sha(1)}`);
  });

  it('goes to a project named by its number', async () => {
    await ledger.deliver(sink, aDeployment({ repository: { name: 'x', gitlabProject: '30' } }));
    expect(fake.requests[0]?.path).toBe('/api/v4/projects/30/deployments');
  });

  it('has the mapped name of the environment, made valid', async () => {
    sink = makeSink({ environments: { live: 'production' } });
    await ledger.deliver(sink, aDeployment({ environment: { name: 'live' } }));
    await ledger.deliver(sink, aDeployment({ key: 'b', environment: { name: '/Prod (EU): ü!/' } }));
    await ledger.deliver(sink, aDeployment({ key: 'c', environment: { name: `${'x'.repeat(254)}//y` } }));
    expect(fake.deployments.map(({ environment }) => environment)).toEqual([
      'production',
      'Prod -EU-- --',
      'x'.repeat(254),
    ]);
    expect(fake.refused).toEqual([]);
  });
});

describe('a delivery to GitLab', () => {
  it('is one row that moves from running to its end', async () => {
    const started = await ledger.deliver(sink, at('running'));
    expect(started).toMatchObject({ remoteId: '101', status: 201, remoteUrl: `${fake.url}/${PROJECT}/-/environments` });
    await ledger.deliver(sink, at('succeeded'));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['running', 'success']]);
    expect(fake.refused).toEqual([]);
  });

  it.each([
    ['succeeded', 'success'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ] as const)('begins with the end if %s is the first known state', async (state, status) => {
    await ledger.deliver(sink, at(state));
    expect(await ledger.deliver(sink, at('running'))).toBe('known');
    expect(fake.deployments.map(({ history }) => history)).toEqual([[status]]);
  });

  it('shows a deployment that degraded after its success', async () => {
    await ledger.deliver(sink, at('succeeded'));
    await ledger.deliver(sink, at('failed', { occurredAt: '2026-03-19T15:00:00.000Z' }));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['success', 'failed']]);
  });

  it('never sends `running` as an update', async () => {
    const entry = ledger.of(aDeployment().key);
    await ledger.deliver(sink, at('running'));
    await sink.deliver(at('running'), entry, { signal: new AbortController().signal, now: new Date() });
    expect(fake.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it('gives every deployment its own row, although GitLab merges an equal success', async () => {
    for (const key of ['a', 'b', 'c']) await ledger.deliver(sink, aDeployment({ key }));
    expect(fake.deployments.map(({ history }) => history)).toEqual([
      ['success'],
      ['running', 'success'],
      ['running', 'success'],
    ]);
    expect(['a', 'b', 'c'].map((key) => ledger.of(key).known.remoteId)).toEqual(['101', '102', '103']);
    expect(fake.refused).toEqual([]);
  });

  it('gives it its own row even if the equal success was made by a CI job or long ago', async () => {
    fake.addByJob({ project: PROJECT, environment: 'production', sha: sha(1), ref: 'main', status: 'success' });
    await ledger.deliver(sink, aDeployment());
    expect(ledger.of(aDeployment().key).known.remoteId).toBe('102');
    const old = fake.deployments[1];
    Object.assign(old ?? {}, { created_at: '2020-01-01T00:00:00.000Z' });
    const other = createMemoryLedger(); // nothing is remembered of it
    await other.deliver(sink, aDeployment({ key: 'redeploy' }));
    expect(other.of('redeploy').known.remoteId).toBe('103');
  });

  it.each<[string, Partial<Deployment>, string]>([
    ['the branch is gone', { ref: 'feature/gone' }, 'production main success'],
    ['no ref is known', { ref: undefined as never }, 'production main success'], // as never: what a fold leaves of an absent ref
    ['the ref is a tag', { ref: 'v4', tag: true }, 'production v4 success'],
  ])('names a ref that exists when %s', async (_, over, row) => {
    await ledger.deliver(sink, aDeployment(over));
    expect(rows()).toEqual([row]);
    expect(fake.deployments[0]?.tag).toBe(over.tag ?? false);
  });

  it('names the commit itself when the project has no default branch', async () => {
    fake.options.projects = [{ id: 30, path: PROJECT, commits: [sha(1)], defaultBranch: null }];
    await ledger.deliver(sink, aDeployment({ ref: 'gone' }));
    expect(rows()).toEqual([`production ${sha(1)} success`]);
  });

  it('stores no attempt if a ref was refused and no other could be queried', async () => {
    fake.inject({ kind: 'status', status: 500, method: 'GET' });
    const deployment = aDeployment({ ref: 'feature/gone' });
    expect((await failed(ledger.attempt(sink, deployment))).retry).toBe('backoff');
    expect(ledger.of(deployment.key).known.attemptedAt).toBeUndefined();
    await ledger.deliver(sink, deployment);
    expect(rows()).toEqual(['production main success']);
  });

  it('queries the default branch once', async () => {
    const { ref: _, ...noRef } = aDeployment();
    for (const key of ['a', 'b', 'c']) await ledger.deliver(sink, { ...noRef, key, environment: { name: key } });
    expect(fake.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });
});

describe('a refusal of GitLab', () => {
  it.each([
    [301, 'never'],
    [400, 'never'],
    [401, { afterMs: 10_000, hold: 'sink' }],
    [404, 'never'],
    [408, 'backoff'],
    [409, 'never'],
    [422, 'never'],
    [429, 'backoff'],
    [500, 'backoff'],
    [502, 'backoff'],
    [503, 'backoff'],
  ] as const)('with status %i becomes the right retry, on create and on update', async (status, retry) => {
    fake.inject({ kind: 'status', status });
    expect(await failed(ledger.attempt(sink, at('running')))).toMatchObject({ retry, status });
    const uncertain = [408, 500, 502].includes(status);
    expect(ledger.of(aDeployment().key).known.attemptedAt !== undefined).toBe(uncertain);
    await ledger.deliver(sink, at('running'));
    fake.inject({ kind: 'status', status });
    expect(await failed(ledger.attempt(sink, at('succeeded')))).toMatchObject({ retry, status });
    await ledger.deliver(sink, at('succeeded'));
    expect(fake.deployments).toHaveLength(1);
  });

  it('of a scope, a blocked user or a blocked address pauses the sink', async () => {
    fake.options.scopes = ['read_api'];
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error.retry).toEqual({ afterMs: 10_000, hold: 'sink' });
    expect(error.message).toContain('scope "api"');
    fake.options.scopes = ['api'];
    const bodies = [{ message: '403 Forbidden - Your account has been blocked by an administrator.' }, 'Forbidden\n'];
    for (const body of bodies) {
      fake.inject({ kind: 'status', status: 403, body });
      expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toMatchObject({ hold: 'sink' });
    }
  });

  it('of a role or a protected environment is final, and reports it', async () => {
    fake.options.projects = [{ id: 30, path: PROJECT, commits: [sha(1)], protectedEnvironments: ['production'] }];
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry: 'never', status: 403 });
    expect(error.message).toContain('allowed to deploy to production');
  });

  it('to change what a CI job made is final', async () => {
    const made = fake.addByJob({
      project: PROJECT,
      environment: 'production',
      sha: sha(1),
      ref: 'main',
      status: 'running',
    });
    await ledger.of(aDeployment().key).claim(String(made.id));
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry: 'never', status: 403 });
    expect(error.message).toContain('made by a CI job');
  });

  it('of an unknown commit names project, commit and what to configure', async () => {
    const error = await failed(ledger.attempt(sink, aDeployment({ commit: { sha: sha('elsewhere') } })));
    expect(error).toMatchObject({ retry: 'never', status: 400 });
    expect(error.message).toContain(`GitLab project ${PROJECT} has no commit ${sha('elsewhere')}`);
    expect(error.message).toContain('shiplog/gitlab-project');
    expect(fake.requests).toHaveLength(1);
  });

  it.each([undefined, 'abc1234', '<no value>'])('is predicted if the commit is %s', async (short) => {
    const { commit: _, ...rest } = aDeployment();
    const deployment = short === undefined ? rest : { ...rest, commit: { sha: short } };
    expect(sink.wants(deployment)).toEqual({ wanted: false, why: expect.stringContaining('no full commit') });
    const error = await failed(ledger.attempt(sink, deployment));
    expect(error.retry).toBe('never');
    expect(error.message).toContain('no full commit sha');
    expect(fake.requests).toEqual([]);
  });

  it('of a project that the token cannot see names both causes', async () => {
    fake.options.projects = [{ id: 30, path: PROJECT, role: 'none' }];
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry: 'never', status: 404 });
    expect(error.message).toMatch(/not found, or the token's user is no member.*Developer/);
  });

  it('of a deployment whose project is no longer visible is final', async () => {
    await ledger.deliver(sink, at('running'));
    fake.options.projects = [{ id: 30, path: PROJECT, role: 'none' }];
    const error = await failed(ledger.attempt(sink, at('succeeded')));
    expect(error).toMatchObject({ retry: 'never', status: 404 });
    expect(error.message).toContain('was deleted');
  });

  it('holds no token, even if the answer repeats it', async () => {
    fake.inject({ kind: 'status', status: 400, body: `bad ${GITLAB_TOKEN}` });
    const { message } = await failed(ledger.attempt(sink, aDeployment()));
    expect(message).toContain('bad [secret]');
    expect(message).not.toContain(GITLAB_TOKEN);
  });

  it('in plain text or HTML is read as well', async () => {
    fake.inject({ kind: 'status', status: 429, body: 'Retry later', headers: { 'retry-after': '7' } });
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toEqual({ afterMs: 7_000, hold: 'sink' });
    fake.inject({ kind: 'wrong-reply', status: 200, body: '<html>sign in</html>' });
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toBe('backoff');
    await ledger.deliver(sink, aDeployment());
    expect(rows()).toEqual(['production main success']);
  });
});

describe('a GitLab that is read-only', () => {
  it('puts the sink on hold, reports it, and is delivered afterwards', async () => {
    await ledger.deliver(sink, at('running'));
    fake.options.readOnly = true;
    for (const deployment of [at('succeeded'), aDeployment({ key: 'another' })]) {
      const error = await failed(ledger.attempt(sink, deployment));
      expect(error.retry).toMatchObject({ hold: 'sink' });
      expect(error.message).toMatch(/read-only; deliveries wait/);
    }
    fake.options.readOnly = false;
    await ledger.deliver(sink, at('succeeded'));
    expect(rows()).toEqual(['production main success']);
  });
});

describe('a project that was renamed or moved', () => {
  const OLD = 'harbor/old-lighthouse';
  beforeEach(() => {
    fake.options.projects = [{ id: 30, path: PROJECT, commits: [sha(1)], formerPaths: [OLD] }];
  });
  const old = (state: Deployment['state'], key = 'a') =>
    at(state, { key, repository: { name: OLD, gitlabProject: 'Harbor/old-lighthouse' } });

  it('is found by its id, and the new path is reported once', async () => {
    const error = await failed(ledger.attempt(sink, old('running')));
    expect(error).toMatchObject({ retry: { hold: 'job' }, status: 405 });
    expect(error.message).toMatch(/old-lighthouse was moved or renamed: it is harbor\/lighthouse-api \(id 30\) now/);
    expect(ledger.of('a').known.attemptedAt).toBeUndefined();
    expect(sink.echo?.(old('running'))).toMatchObject({ project: '30' });
    const delivered = await ledger.attempt(sink, old('running'));
    expect(delivered).toMatchObject({ remoteUrl: `${fake.url}/${PROJECT}/-/environments` });
    await ledger.attempt(sink, old('succeeded'));
    await ledger.attempt(sink, old('failed', 'b'));
    expect(rows()).toEqual(['production main success', 'production main failed']);
  });

  it('is found for an update and for a search for a lost row as well', async () => {
    fake.options.projects = [{ id: 30, path: OLD, commits: [sha(1)] }];
    await ledger.deliver(sink, old('running'));
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    await failed(ledger.attempt(sink, old('running', 'b')));
    fake.options.projects = [{ id: 30, path: PROJECT, commits: [sha(1)], formerPaths: [OLD] }];
    await ledger.deliver(makeSink(), old('succeeded', 'b'));
    await ledger.deliver(makeSink(), old('succeeded'));
    expect(rows()).toEqual(['production main success', 'production main success']);
  });

  it('that GitLab does not redirect to is final, with a message', async () => {
    fake.inject(
      { kind: 'delay', ms: 0 },
      { kind: 'status', status: 301, headers: { location: 'https://elsewhere.example/' } },
    );
    const error = await failed(ledger.attempt(sink, old('running')));
    expect(error).toMatchObject({ retry: 'never' });
    expect(error.message).toContain('Replace the old path');
  });
});

describe('a GitLab that was restored from a backup', () => {
  /** The claims are as old as that. */
  const later = () => vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  afterEach(() => vi.restoreAllMocks());

  it('assigns its ids again, and each deployment gets one row', async () => {
    for (const key of ['a', 'b', 'c']) await ledger.deliver(sink, at('succeeded', { key, environment: { name: key } }));
    fake.restore(100);
    later();
    for (const key of ['d', 'e']) await ledger.deliver(sink, at('succeeded', { key, environment: { name: key } }));
    expect(rows()).toEqual(['d main success', 'e main success']);
  });

  it('gives a running deployment without its row a new one, and changes no other row', async () => {
    await ledger.deliver(sink, at('running', { key: 'a' }));
    fake.restore(100);
    later();
    await ledger.deliver(sink, at('running', { key: 'b', environment: { name: 'staging' } }));
    await ledger.deliver(sink, at('failed', { key: 'a' }));
    expect(rows()).toEqual(['staging main running', 'production main failed']);
  });

  it('gives two running deployments a new row each, in any order of their ends', async () => {
    for (const key of ['a', 'b']) await ledger.deliver(sink, at('running', { key }));
    fake.restore(100);
    later();
    for (const key of ['b', 'a']) await ledger.deliver(sink, at('succeeded', { key }));
    expect(rows()).toEqual(['production main success', 'production main success']);
  });
});

describe('a deployment that ended before GitLab received it', () => {
  it('is not delivered, and one that ran is closed', async () => {
    const never = at('canceled', { key: 'never', endReason: 'superseded' });
    expect(await ledger.attempt(sink, never)).toMatchObject({ message: expect.stringContaining('nothing to send') });
    expect(fake.requests).toEqual([]);
    await ledger.deliver(sink, at('running'));
    await ledger.deliver(sink, at('canceled', { endReason: 'superseded' }));
    expect(rows()).toEqual(['production main canceled']);
  });
});

describe('a deployment that turned out to be made by a job of this GitLab', () => {
  const joined = (state: Deployment['state'], sources = ['gitops', 'gitlab']) =>
    at(state, { source: 'gitlab', sources });

  it('is no longer wanted, and the row that was made for another tool is brought to its end', async () => {
    await ledger.deliver(sink, at('running'));
    expect(sink.wants(joined('succeeded'))).toMatchObject({ wanted: false });
    expect(sink.follows?.(joined('succeeded'))).toBe(true);
    await ledger.deliver(sink, joined('succeeded'));
    expect(rows()).toEqual(['production main success']);
  });

  it('has no row if no other tool reported it, or it has not ended', () => {
    expect(sink.follows?.(joined('succeeded', ['gitlab']))).toBe(false);
    expect(sink.follows?.(joined('running'))).toBe(false);
    expect(sink.follows?.(at('succeeded', { sources: ['gitops', 'curl'] }))).toBe(false);
  });
});

describe('a project that is down', () => {
  it('is named, and does not affect the others', async () => {
    fake.inject({ kind: 'status', status: 500 });
    expect(await failed(ledger.attempt(sink, aDeployment()))).toMatchObject({ retry: 'backoff', concerns: PROJECT });
  });
});

describe('a lost answer of GitLab', () => {
  const kinds = ['lost-reply', 'silent', 'cut'] as const;
  /** It waits long for an answer that comes, and not for one that never does. */
  const attempt = (kind: (typeof kinds)[number], state: Deployment['state']) =>
    failed(ledger.attempt(makeSink({ timeout_seconds: kind === 'silent' ? 0.5 : 60 }), at(state)));

  it.each(kinds)('to a create leaves one row: %s', async (kind) => {
    fake.inject({ kind, method: 'POST' });
    await attempt(kind, 'running');
    await ledger.deliver(sink, at('running'));
    await ledger.deliver(sink, at('succeeded'));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['running', 'success']]);
    expect(fake.refused).toEqual([]);
  });

  it.each(kinds)('to an update leaves it updated: %s', async (kind) => {
    await ledger.deliver(sink, at('running'));
    fake.inject({ kind, method: 'PUT' });
    await attempt(kind, 'succeeded');
    await ledger.deliver(sink, at('succeeded'));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['running', 'success']]);
  });

  it('to a create is found again when the deployment has ended meanwhile', async () => {
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    await failed(ledger.attempt(sink, at('running')));
    await ledger.deliver(sink, at('failed'));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['running', 'failed']]);
  });

  it('to a create is found later, when the list did not show it yet and the attempt after it was refused', async () => {
    fake.inject(
      { kind: 'lost-reply', method: 'POST' },
      { kind: 'status', method: 'GET', path: /deployments$/, status: 200, body: [] },
      { kind: 'status', method: 'POST', status: 429, body: 'Retry later' },
    );
    await ledger.deliver(sink, at('running'));
    await ledger.deliver(sink, at('succeeded'));
    expect(fake.deployments.map(({ history }) => history)).toEqual([['running', 'success']]);
  });

  it('does not take the row of another deployment, of a job, of another commit or of last week', async () => {
    await ledger.deliver(sink, aDeployment({ key: 'other' }));
    fake.addByJob({ project: PROJECT, environment: 'production', sha: sha(1), ref: 'main', status: 'success' });
    await ledger.deliver(sink, aDeployment({ key: 'commit', commit: { sha: sha(2) } }));
    await createMemoryLedger().deliver(sink, aDeployment({ state: 'failed' }));
    Object.assign(fake.deployments.at(-1) ?? {}, { created_at: '2020-01-01T00:00:00.000Z' });
    fake.inject({ kind: 'cut', method: 'POST' });
    await ledger.deliver(sink, at('failed', { key: 'mine' }));
    expect(ledger.of('mine').known.remoteId).toBe(String(fake.deployments.at(-1)?.id));
    expect(fake.deployments).toHaveLength(5);
  });

  it('is not searched for if nothing was sent', async () => {
    await fake.down();
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toBe('backoff');
    await fake.up();
    await ledger.deliver(sink, aDeployment());
    expect(fake.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it.each([1, 2, 3])('at write %i of a folded success leaves one row each', async (write) => {
    await ledger.deliver(sink, aDeployment({ key: 'a' }));
    fake.inject(...Array.from({ length: write - 1 }, () => ({ kind: 'delay', ms: 0 }) as const), {
      kind: 'lost-reply',
    });
    await ledger.deliver(sink, aDeployment({ key: 'b' }));
    expect(fake.deployments.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(ledger.of('b').known.remoteId).toBe('102');
  });
});

describe('any order, with faults', () => {
  it.each(Array.from({ length: 100 }, (_, seed) => seed))(
    'ends with one row a deployment in its last state (seed %i)',
    async (seed) => {
      const random = generator(seed);
      const commits = [sha('p'), sha('q')];
      fake.options.projects = [{ id: 30, path: PROJECT, commits }];
      fake.inject(
        { kind: 'lost-reply', ratio: 0.15, times: 1000 },
        { kind: 'cut', ratio: 0.1, times: 1000 },
        { kind: 'status', status: 500, ratio: 0.1, times: 1000 },
        { kind: 'wrong-reply', status: 502, body: '<html>', ratio: 0.1, times: 1000 },
        { kind: 'status', status: 429, body: 'Retry later', ratio: 0.05, times: 1000 },
      );
      const steps = Array.from({ length: 6 }, (_, index) => lifeOf(`k${index}`, commits, random)).flat();
      await Promise.all(shuffle(steps, random).map((step) => ledger.deliver(sink, step, { attempts: 500 })));
      for (let index = 0; index < 6; index += 1) {
        const key = `k${index}`;
        const row = fake.deployments.find(({ id }) => String(id) === ledger.of(key).known.remoteId);
        const told = ledger.of(key).known.delivered?.state ?? 'pending';
        expect(row?.status).toBe(told === 'succeeded' ? 'success' : told);
      }
      expect(fake.deployments).toHaveLength(6);
    },
  );
});

/** running, its end, and a repeat of each; few commits and one environment, so that rows look alike. */
function lifeOf(key: string, commits: readonly string[], random: () => number): Deployment[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // never empty
  const end = pick(['succeeded', 'succeeded', 'failed', 'canceled'] as const);
  const commit = { sha: pick(commits) };
  const running = at('running', { key, commit });
  return [running, running, at(end, { key, commit }), at(end, { key, commit })];
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** mulberry32: a seed gives the same test again. */
function generator(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('the check of gitlab-deployments', () => {
  const { signal } = new AbortController();

  it('names the token and how long it is valid', async () => {
    expect(await sink.check(signal)).toMatch(/takes the token "shiplog", valid until 2030-01-01/);
  });

  it('works with a GitLab without token details', async () => {
    fake.inject({ kind: 'status', status: 404 });
    expect(await sink.check(signal)).toContain('takes the token');
  });

  it('reports what is wrong with the token, without the token', async () => {
    const error = await failed(makeSink({ token: 'glpat-wrong' }).check(signal));
    expect(error.message).toMatch(/401.*set a valid token/);
    expect(error.message).not.toContain('glpat-wrong');
    fake.options.scopes = ['read_api'];
    expect((await failed(sink.check(signal))).message).toContain('read_api');
  });
});

describe('the fake GitLab', () => {
  let receiver: Server;
  afterEach(() => new Promise((resolve) => receiver.close(resolve)));

  it('sends the echo of every transition, sometimes before it answers', async () => {
    const heard: { token: unknown; body: Record<string, unknown> }[] = [];
    receiver = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      heard.push({ token: request.headers['x-gitlab-token'], body: JSON.parse(text) });
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo; // a TCP server has an AddressInfo
    const url = `http://127.0.0.1:${port}/webhooks/gitlab`;
    fake.options.hooks = { url, token: 'a-secret-of-the-hook', maxDelayMs: 5, beforeReply: 1 };
    await ledger.deliver(sink, at('running'));
    expect(heard).toHaveLength(1);
    fake.options.hooks = { url, maxDelayMs: 20, beforeReply: 0 };
    await ledger.deliver(sink, at('succeeded'));
    await ledger.deliver(sink, aDeployment({ key: 'folded' }));
    await fake.hooksSettled();
    expect(heard.map(({ body }) => body['status']).sort()).toEqual(['running', 'running', 'success', 'success']);
    expect(heard[0]).toMatchObject({
      token: 'a-secret-of-the-hook',
      body: { object_kind: 'deployment', deployment_id: 101, deployable_id: null, short_sha: sha(1).slice(0, 8) },
    });
    expect(fake.hooks.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  });
});

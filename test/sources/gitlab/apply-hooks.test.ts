import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../../support/fake-gitlab.ts';
import { type FakeWebhook, fakeWebhook } from '../../support/fake-gitlab-hooks.ts';
import { SECRET } from './hooks.ts';
import { API, failureOf, sourceAt } from './with-api.ts';

const URL_HERE = 'https://shiplog.harbor.example/webhooks/gitlab';
const SIGNING = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const PROJECT = 'project:harbor/lighthouse-api';

let fake: FakeGitlab;

beforeEach(async () => {
  fake = await startFakeGitlab({ projects: [{ ...API, role: 'maintainer' }] });
});
afterEach(() => fake.close());

const apply = (targets: string[], { dryRun = false, config = {}, api = {} } = {}) =>
  sourceAt(fake.url, api, config).applyHooks({
    url: URL_HERE,
    targets,
    dryRun,
    signal: new AbortController().signal,
  });
const put = (changes: Partial<FakeWebhook> = {}) => {
  const hook = fakeWebhook({ owner: 'project:30', url: URL_HERE, ...changes });
  fake.webhooks.push(hook);
  return hook;
};
const RIGHT = {
  deployment_events: true,
  push_events: false,
  job_events: false,
  pipeline_events: false,
  enable_ssl_verification: true,
};
const methods = () => fake.requests.map(({ method }) => method);

describe('a webhook', () => {
  it('is created if missing, with the first secret and only deployment events', async () => {
    put({ id: 1, url: 'https://elsewhere.example/webhooks/gitlab' });
    expect(await apply([PROJECT])).toEqual(['project harbor/lighthouse-api: webhook made: deployment events']);
    expect(fake.webhooks[1]).toMatchObject({ url: URL_HERE, token: SECRET, settings: RIGHT });
    expect(fake.webhooks[1]?.signing_token).toBeUndefined();
  });

  it('is created once, and keeps its other events', async () => {
    await apply([PROJECT]);
    const [hook] = fake.webhooks;
    if (hook) hook.settings['merge_requests_events'] = true;
    expect(await apply(['project:30'])).toEqual([
      'project 30: webhook was right; its secret was set anew, because GitLab does not show it',
    ]);
    expect(fake.webhooks).toHaveLength(1);
    expect(fake.webhooks[0]?.settings).toMatchObject({ ...RIGHT, merge_requests_events: true });
  });

  it.each([[`${URL_HERE}/`], [`${URL_HERE}?token=old`], ['http://shiplog.harbor.example/webhooks/gitlab']])(
    'at %s is repaired, not created again',
    async (url) => {
      const hook = put({ url, token: 'the-secret-of-last-year', settings: { ...RIGHT, push_events: true } });
      const [line] = await apply([PROJECT]);
      expect(line).toMatch(/webhook repaired: the URL, push_events off; its secret was set anew/);
      expect(fake.webhooks).toEqual([hook]);
      expect(hook).toMatchObject({ url: URL_HERE, token: SECRET, settings: RIGHT });
    },
  );

  it('that exists twice is repaired once, and the other one is named', async () => {
    put({ id: 1, url: `${URL_HERE}/` });
    put({ id: 2 });
    expect((await apply([PROJECT]))[0]).toMatch(/was right; .*; 1 more point there too: delete them/);
    expect(fake.webhooks.map(({ token }) => token)).toEqual([undefined, SECRET]);
  });

  it('of a group is created as well', async () => {
    expect(await apply(['group:harbor', PROJECT])).toHaveLength(2);
    expect(fake.webhooks.map(({ owner }) => owner)).toEqual(['group:harbor', 'project:30']);
  });

  it('is created for the configured projects if no target is given', async () => {
    await apply([], { api: { projects: [API.path], groups: ['harbor'] } });
    expect(fake.webhooks.map(({ owner }) => owner)).toEqual(['project:30', 'group:harbor']);
    expect((await failureOf(apply([]))).message).toMatch(/name a target/);
  });

  it('gets a signing token if one is configured', async () => {
    await apply([PROJECT], { config: { secrets: [SIGNING] } });
    expect(fake.webhooks[0]).toMatchObject({ signing_token: SIGNING });
    expect(fake.webhooks[0]?.token).toBeUndefined();
  });

  it('of a GitLab without signing tokens is reported', async () => {
    fake.inject({ kind: 'wrong-reply', status: 201, body: { id: 1, url: URL_HERE }, method: 'POST' });
    const [line] = await apply([PROJECT], { config: { secrets: [SIGNING] } });
    expect(line).toMatch(/took no signing token \(it needs 19\.0\): put a plain secret first/);
  });
});

describe('a custom template', () => {
  it('that is insufficient is removed, and a sufficient one is kept', async () => {
    const hook = put({ settings: RIGHT, template: '{"text":"{{environment}} is {{status}}"}' });
    expect((await apply([PROJECT], { dryRun: true }))[0]).toMatch(
      /would be repaired: the custom template, which lacks/,
    );
    expect((await apply([PROJECT]))[0]).toMatch(
      /repaired: the custom template, which lacks deployable_id or deployment_id, project\.id, taken out/,
    );
    expect(hook.template).toBe('');
    hook.template =
      '{"status":"{{status}}","environment":"{{environment}}","deployment_id":"{{deployment_id}}","project":{"id":"{{project.id}}"}}';
    expect((await apply([PROJECT]))[0]).toMatch(/was right/);
    expect(hook.template).not.toBe('');
  });

  it('is reported by doctor for the configured projects', async () => {
    put({ template: '{"text":"{{status}}"}' });
    const { findings } = sourceAt(fake.url, { projects: [API.path] });
    const found = await findings?.({ signal: new AbortController().signal, now: new Date() });
    expect(found).toEqual([
      expect.stringMatching(/harbor\/lighthouse-api has a custom template that lacks environment/),
    ]);
  });

  it('and an address of the API are both recognised', async () => {
    const { findings } = sourceAt(`${fake.url}/api/v4/`, { projects: [API.path] });
    expect(await findings?.({ signal: new AbortController().signal, now: new Date() })).toEqual([]);
  });
});

describe('a dry run', () => {
  it('reports what would be done, and only reads', async () => {
    expect(await apply([PROJECT], { dryRun: true })).toEqual([
      `project harbor/lighthouse-api: a webhook to ${URL_HERE} would be made: deployment events`,
    ]);
    const hook = put({ settings: { ...RIGHT, deployment_events: false } });
    expect((await apply([PROJECT], { dryRun: true }))[0]).toMatch(/webhook would be repaired: deployment_events on/);
    hook.settings['deployment_events'] = true;
    expect((await apply([PROJECT], { dryRun: true }))[0]).toMatch(/webhook is right; its secret would be set anew/);
    expect(new Set(methods())).toEqual(new Set(['GET']));
  });
});

describe('a failure', () => {
  it.each(['repository:harbor/lighthouse-api', 'harbor/lighthouse-api', 'project:', 'constructor:x'])(
    'is reported before anything is done: %s',
    async (target) => {
      const error = await failureOf(apply([PROJECT, target]));
      expect(error.message).toMatch(/write project:<id or path> or group:<id or path>/);
      expect(fake.requests).toEqual([]);
    },
  );

  it('for one target is reported with the results of the others', async () => {
    const error = await failureOf(apply(['project:harbor/nowhere', PROJECT]));
    expect(error.message.split('\n')).toEqual([
      expect.stringMatching(/project harbor\/nowhere: .*not there, or the token's user may not see it/),
      'project harbor/lighthouse-api: webhook made: deployment events',
    ]);
    expect(fake.webhooks).toHaveLength(1);
  });

  it('for a missing role names it, without a secret', async () => {
    fake.options.projects = [API];
    fake.inject({ kind: 'status', status: 403, body: { message: `403 ${SECRET} ${GITLAB_TOKEN}` } });
    const error = await failureOf(apply([PROJECT]));
    expect(error.message).toMatch(/403 .*Check the token, its scopes and its role/);
    expect(error.message).not.toMatch(new RegExp(`${SECRET}|${GITLAB_TOKEN}`));
  });
});

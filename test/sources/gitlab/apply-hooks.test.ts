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
  it('is made where there is none, with the first secret and deployment events alone', async () => {
    put({ id: 1, url: 'https://elsewhere.example/webhooks/gitlab' });
    expect(await apply([PROJECT])).toEqual(['project harbor/lighthouse-api: webhook made: deployment events']);
    expect(fake.webhooks[1]).toMatchObject({ url: URL_HERE, token: SECRET, settings: RIGHT });
    expect(fake.webhooks[1]?.signing_token).toBeUndefined();
  });

  it('is one, however often it is asked for, and keeps what else is ticked', async () => {
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
    'at %s is repaired, not doubled',
    async (url) => {
      const hook = put({ url, token: 'the-secret-of-last-year', settings: { ...RIGHT, push_events: true } });
      const [line] = await apply([PROJECT]);
      expect(line).toMatch(/webhook repaired: the URL, push_events off; its secret was set anew/);
      expect(fake.webhooks).toEqual([hook]);
      expect(hook).toMatchObject({ url: URL_HERE, token: SECRET, settings: RIGHT });
    },
  );

  it('that there is twice is repaired once, and the other one named', async () => {
    put({ id: 1, url: `${URL_HERE}/` });
    put({ id: 2 });
    expect((await apply([PROJECT]))[0]).toMatch(/was right; .*; 1 more point there too: delete them/);
    expect(fake.webhooks.map(({ token }) => token)).toEqual([undefined, SECRET]);
  });

  it('of a group is made as well', async () => {
    expect(await apply(['group:harbor', PROJECT])).toHaveLength(2);
    expect(fake.webhooks.map(({ owner }) => owner)).toEqual(['group:harbor', 'project:30']);
  });

  it('is made for what the configuration names, when the order names nothing', async () => {
    await apply([], { api: { projects: [API.path], groups: ['harbor'] } });
    expect(fake.webhooks.map(({ owner }) => owner)).toEqual(['project:30', 'group:harbor']);
    expect((await failureOf(apply([]))).message).toMatch(/name a target/);
  });

  it('gets a signing token where a signing token belongs', async () => {
    await apply([PROJECT], { config: { secrets: [SIGNING] } });
    expect(fake.webhooks[0]).toMatchObject({ signing_token: SIGNING });
    expect(fake.webhooks[0]?.token).toBeUndefined();
  });

  it('of a GitLab that takes no signing token is reported', async () => {
    fake.inject({ kind: 'wrong-reply', status: 201, body: { id: 1, url: URL_HERE }, method: 'POST' });
    const [line] = await apply([PROJECT], { config: { secrets: [SIGNING] } });
    expect(line).toMatch(/took no signing token \(it needs 19\.0\): put a plain secret first/);
  });
});

describe('a custom template', () => {
  it('that cannot be read is taken out, and one that says enough stays', async () => {
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

  it('is what doctor finds at the configured projects', async () => {
    put({ template: '{"text":"{{status}}"}' });
    const { findings } = sourceAt(fake.url, { projects: [API.path] });
    const found = await findings?.({ signal: new AbortController().signal, now: new Date() });
    expect(found).toEqual([
      expect.stringMatching(/harbor\/lighthouse-api has a custom template that lacks environment/),
    ]);
  });

  it('and an address of the API are taken for what they are', async () => {
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

describe('what cannot be done', () => {
  it.each(['repository:harbor/lighthouse-api', 'harbor/lighthouse-api', 'project:', 'constructor:x'])(
    'is said before anything is done: %s',
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

  it('for want of a role says so, without a secret', async () => {
    fake.options.projects = [API];
    fake.inject({ kind: 'status', status: 403, body: { message: `403 ${SECRET} ${GITLAB_TOKEN}` } });
    const error = await failureOf(apply([PROJECT]));
    expect(error.message).toMatch(/403 .*Check the token, its scopes and its role/);
    expect(error.message).not.toMatch(new RegExp(`${SECRET}|${GITLAB_TOKEN}`));
  });
});

import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { BITBUCKET_TOKEN, startFakeBitbucket } from '../support/fake-bitbucket.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';

const SHA = '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d';
const API = {
  id: 30,
  path: 'harbor/lighthouse-api',
  acceptAnySha: true,
  files: { [SHA]: ['deploy/values.yaml'] },
  mergeRequests: [{ iid: 7, title: 'Turn the lamp faster', commits: [SHA] }],
};
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
const asAdmin = { authorization: `Bearer ${ADMIN_TOKEN}` };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startWithGitlab() {
  const gitlab = await startFakeGitlab({ projects: [API], hooks: { url: 'http://127.0.0.1:1/', beforeReply: 0 } });
  const bridge = await startTestBridge({
    sources: [{ type: 'gitlab', secrets: [SECRET], api: { url: gitlab.url, token: GITLAB_TOKEN } }],
    sinks: [{ type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN }],
  });
  stops.push(
    () => gitlab.close(),
    () => bridge.stop(),
  );
  return { gitlab, bridge };
}

/** A job deploys; the webhook is ours to send or to lose. */
function deploy(gitlab: FakeGitlab, at = new Date(), environment = 'production') {
  gitlab.addByJob({ project: API.path, environment, sha: SHA, ref: 'main', status: 'success', at });
  return gitlab.hooks.at(-1)?.body;
}

const gitlabHeaders = { 'x-gitlab-token': SECRET, 'x-gitlab-event': 'Deployment Hook' };

describe('a GitLab deployment', () => {
  it('is completed with data that its webhook lacks', async () => {
    const { gitlab, bridge } = await startWithGitlab();
    await bridge.post('/webhooks/gitlab', deploy(gitlab), gitlabHeaders);
    await bridge.settled();
    const [change, ...others] = await bridge.changes();
    expect(others).toEqual([]);
    expect(change).toMatchObject({ status: 'succeeded', commit_sha: SHA, pr_number: '7', branch: 'main' });
    expect(change?.['pipeline_url']).toMatch(/\/-\/pipelines\/\d+$/);
  });

  it('is recorded at once while GitLab is unreachable, names what is missing, and is completed later', async () => {
    const { gitlab, bridge } = await startWithGitlab();
    const hook = deploy(gitlab);
    await gitlab.down();
    const { body } = await bridge.post('/webhooks/gitlab', hook, gitlabHeaders);
    const entry = async () => (await bridge.get(`/api/inbox/${body.webhook}`)).body.data;
    await vi.waitFor(async () => expect((await entry()).detail).toContain('not complete'), { timeout: 10_000 });
    expect(await entry()).toMatchObject({ verdict: 'recorded' });
    expect((await bridge.changes())[0]).toMatchObject({ status: 'succeeded', pr_number: null });
    await gitlab.up();
    await vi.waitFor(async () => expect((await bridge.changes())[0]).toMatchObject({ pr_number: '7' }), {
      timeout: 20_000,
      interval: 100,
    });
    expect((await entry()).detail).toBeUndefined();
    expect(await bridge.changes()).toHaveLength(1);
  });

  it('that went back to an older commit is a roll-back, and shows what it replaced', async () => {
    const { gitlab, bridge } = await startWithGitlab();
    const send = async (sha: string, hours: number) => {
      gitlab.addByJob({
        project: API.path,
        environment: 'production',
        sha,
        ref: 'main',
        status: 'success',
        at: hoursAgo(hours),
      });
      await bridge.post('/webhooks/gitlab', gitlab.hooks.at(-1)?.body, gitlabHeaders);
      await bridge.settled();
    };
    const newer = SHA.replace(/^4/, '5');
    await send(SHA, 3);
    await send(newer, 2);
    await send(SHA, 1);
    const [last, middle, first] = await bridge.changes();
    expect([first?.['change_type'], middle?.['change_type'], last?.['change_type']]).toEqual([
      'deployment',
      'deployment',
      'rollback',
    ]);
    expect(last?.['replaced']).toMatchObject({
      deployment: middle?.deployment,
      commit_sha: newer,
      compare_url: expect.stringContaining(`/-/compare/${newer}...${SHA}`),
    });
  });
});

describe('two hours of a disabled webhook', () => {
  it("are found in GitLab's API, without duplicates", async () => {
    const { gitlab, bridge } = await startWithGitlab();
    deploy(gitlab, hoursAgo(5), 'too-old');
    const told = deploy(gitlab, hoursAgo(3), 'told');
    for (const number of [1, 2, 3, 4, 5]) deploy(gitlab, hoursAgo(2 - number / 10), `review/${number}`);
    await bridge.post('/webhooks/gitlab', told, gitlabHeaders);
    await bridge.settled();

    const order = { source: 'gitlab', since: hoursAgo(4).toISOString() };
    const { body } = await bridge.post('/api/reconcile', order, asAdmin);
    expect(body.data.failed).toBeUndefined();
    expect(body.data.recorded).toHaveLength(5);
    const environments = (await bridge.changes()).map((change) => change['environment']).sort();
    expect(environments).toEqual(['review/1', 'review/2', 'review/3', 'review/4', 'review/5', 'told']);
    const again = await bridge.post('/api/reconcile', order, asAdmin);
    expect(again.body.data.recorded).toEqual([]);

    const lost = gitlab.hooks.slice(-5).map(({ body: hook }) => hook);
    for (const hook of lost) await bridge.post('/webhooks/gitlab', hook, gitlabHeaders);
    await bridge.settled();
    expect(await bridge.changes()).toHaveLength(6);
  });

  it("report the problem if GitLab's API is unreachable, and what to do", async () => {
    const { gitlab, bridge } = await startWithGitlab();
    await gitlab.down();
    const since = hoursAgo(1).toISOString();
    const away = await bridge.post('/api/reconcile', { source: 'gitlab', since }, asAdmin);
    expect(away.body.data.failed).toContain('gives no answer');
    const unknown = await bridge.post('/api/reconcile', { source: 'gitlab', since: 'yesterday' }, asAdmin);
    expect(unknown).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('since') } } });
    expect((await bridge.post('/api/reconcile', { source: 'gitlab', since })).status).toBe(401);
  });
});

describe('a Bitbucket pipeline with a manual production step', () => {
  it('is one change for each environment that was deployed to, and none before', async () => {
    const bitbucket = await startFakeBitbucket();
    const bridge = await startTestBridge({
      sources: [{ type: 'bitbucket', secrets: [SECRET], api: { url: bitbucket.url, token: BITBUCKET_TOKEN } }],
    });
    stops.push(
      () => bitbucket.close(),
      () => bridge.stop(),
    );
    const poke = async (event: string, body: Record<string, unknown>) => {
      const text = JSON.stringify(body);
      const signature = createHmac('sha256', SECRET).update(text).digest('hex');
      const headers = { 'x-event-key': event, 'x-hub-signature': `sha256=${signature}` };
      const answer = await bridge.post('/webhooks/bitbucket', text, headers);
      expect(answer.status).toBe(202);
      await bridge.settled();
      return answer.body.webhook;
    };
    const states = async () =>
      Object.fromEntries((await bridge.changes()).map(({ environment, status }) => [environment, status]));
    const steps = [
      { name: 'To staging', environment: 'staging' },
      { name: 'To production', environment: 'production', manual: true },
    ];
    const pipeline = bitbucket.push({ steps });
    const first = await poke('repo:commit_status_created', bitbucket.status(pipeline, 'INPROGRESS'));
    expect((await bridge.get(`/api/inbox/${first}`)).body.data).toMatchObject({
      verdict: 'ignored',
      reason: 'not_started',
    });
    bitbucket.begin(pipeline, 'To staging');
    bitbucket.end(pipeline, 'To staging', 'SUCCESSFUL');
    await poke('repo:commit_status_updated', bitbucket.status(pipeline, 'SUCCESSFUL'));
    expect(await states()).toEqual({ staging: 'succeeded' });
    bitbucket.begin(pipeline, 'To production');
    bitbucket.end(pipeline, 'To production', 'FAILED');
    await poke('repo:commit_status_updated', bitbucket.status(pipeline, 'FAILED'));
    await poke('pipeline:span_created', bitbucket.span(pipeline));
    expect(await states()).toEqual({ staging: 'succeeded', production: 'failed' });
    expect((await bridge.changes()).every((change) => change['changed_by'] === 'Mira Ødegård')).toBe(true);
  });
});

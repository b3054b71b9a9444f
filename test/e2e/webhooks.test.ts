import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
});
afterAll(() => bridge.stop());

describe('answers', () => {
  it('acknowledges a deployment with the ids of what it recorded', async () => {
    const { status, body } = await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders());
    expect(status).toBe(202);
    expect(body).toMatchObject({
      status: 'accepted',
      ids: [expect.stringMatching(/^chg_/)],
      deployments: ['gitlab:git.harbor.example:77:job:15664214926'],
    });
  });

  it('rejects a wrong token before it reads the body', async () => {
    const { status, body } = await bridge.post('/webhooks/gitlab', 'not json', { 'x-gitlab-token': 'wrong' });
    expect(status).toBe(401);
    expect(body).toMatchObject({ status: 'rejected', reason: 'bad_signature' });
  });

  it('reports the position of a JSON error', async () => {
    const { status, body } = await bridge.post('/webhooks/gitlab', '{"a": ,}', gitlabHeaders());
    expect(status).toBe(400);
    expect(body.error).toMatch(/line 1, column 7/);
  });

  it('answers 2xx with a reason for an event that is no deployment, as a 4xx would disable the webhook', async () => {
    const { status, body } = await bridge.post('/webhooks/gitlab', { object_kind: 'push' }, gitlabHeaders('Push Hook'));
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'ignored', reason: 'not_a_deployment' });
  });

  it('explains a GET, an unknown source, and a body that is too large', async () => {
    expect(await bridge.get('/webhooks/argocd')).toMatchObject({
      status: 405,
      body: { error: expect.stringContaining('POST') },
    });
    expect((await fetch(`${bridge.url}/webhooks/gitlab`, { method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await fetch(`${bridge.url}/webhooks/argocd`, { method: 'PUT', body: '{}' })).status).toBe(401);
    expect(await bridge.post('/webhooks/gitlub', {})).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('/webhooks/<name>') },
    });
    const large = JSON.stringify({ pad: 'x'.repeat(2 * 1024 * 1024) });
    expect((await bridge.post('/webhooks/bitbucket', large)).status).toBe(401); // no signature: it is not read
    const signed = { 'x-hub-signature': `sha256=${'0'.repeat(64)}` };
    expect((await bridge.post('/webhooks/bitbucket', large, signed)).status).toBe(413);
  });

  it("answers Alert24's curl as Alert24 does", async () => {
    const change = { summary: 'Deployed lighthouse-api @ 4b825dc6', environment: 'production', pr_number: 93 };
    const headers = { authorization: `Bearer ${SECRET}` };
    const created = await bridge.post('/api/v1/changes', change, headers);
    expect(created).toMatchObject({
      status: 201,
      body: { data: { id: expect.any(String), summary: change.summary, pr_number: '93' } },
    });
    const broken = await bridge.post(
      '/api/v1/changes',
      '{\n  "summary": "x",\n  "pr_number": 7 8,\n  "source": "gitlab-ci"\n}',
      headers,
    );
    expect(broken).toMatchObject({
      status: 400,
      body: { error: { type: 'validation_error', message: expect.stringMatching(/line 3, column 1\d/) } },
    });
    expect(await bridge.post('/api/v1/changes', change)).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    });
  });

  it("answers GitLab's documented Argo CD call as GitLab does", async () => {
    const body = { status: 'success', environment: 'production', sha: '<no value>', ref: 'main', tag: 'false' };
    const answer = await bridge.post('/api/v4/projects/harbor%2Fdeep%2Flighthouse/deployments', body, {
      'private-token': SECRET,
    });
    expect(answer).toMatchObject({
      status: 201,
      body: { id: expect.any(Number), status: 'success', environment: { name: 'production' } },
    });
    expect((await bridge.post('/api/v4/projects/4711/deployments', body, { 'private-token': 'nope' })).status).toBe(
      401,
    );
  });
});

describe('the change log', () => {
  it('needs a token', async () => {
    expect((await fetch(`${bridge.url}/api/v1/changes`)).status).toBe(401);
    expect((await fetch(`${bridge.url}/api/inbox`)).status).toBe(401);
  });

  it('contains each deployment once, in its current state, with the fields and filters of the API', async () => {
    const job = { deployable_id: 2001, environment: 'staging' };
    for (const status of ['success', 'running', 'success', 'running']) {
      await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ ...job, status }), gitlabHeaders());
    }
    await bridge.settled();
    const found = await bridge.changes(
      '&environment=staging&status=succeeded&service=lighthouse-api&branch=main&source=gitlab',
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      status: 'succeeded',
      commit_sha: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
      changed_by: 'mira',
      occurred_at: '2026-03-14T20:50:07.000Z',
    });
    expect(await bridge.changes('&environment=staging&status=failed')).toEqual([]);
    expect(await bridge.changes('&environment=staging&since=2026-03-15')).toEqual([]);
  });

  it('shows one deployment with its signals, and each webhook with its result', async () => {
    const { status, body } = await bridge.get(
      `/api/deployments/${encodeURIComponent('gitlab:git.harbor.example:77:job:2001')}`,
    );
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      change: { status: 'succeeded' },
      records: [{ signal: 'deployment hook' }, { signal: 'deployment hook' }],
    });
    const inbox = await bridge.get('/api/inbox?limit=100');
    const verdicts = inbox.body.data.map((entry: { verdict: string }) => entry.verdict);
    expect(verdicts).toEqual(expect.arrayContaining(['recorded', 'duplicate', 'ignored', 'rejected']));
    expect(JSON.stringify(inbox.body)).not.toContain(SECRET);
  });

  it('stores the body of an authentic webhook without the secrets in it', async () => {
    const hook = { object_kind: 'pipeline', object_attributes: { variables: [{ key: 'PASSWORD', value: 'hunter2' }] } };
    const { body } = await bridge.post('/webhooks/gitlab', hook, gitlabHeaders('Pipeline Hook'));
    const entry = await bridge.get(`/api/inbox/${body.webhook}`);
    expect(JSON.parse(entry.body.data.body)).toMatchObject({
      object_attributes: { variables: [{ key: 'PASSWORD', value: '[redacted]' }] },
    });
  });

  it('pages', async () => {
    const page = await bridge.get('/api/v1/changes?limit=1&offset=1');
    expect(page.body.meta).toMatchObject({ limit: 1, offset: 1, has_more: true });
    expect((await bridge.get('/api/v1/changes?limit=101')).body.error).toMatchObject({
      type: 'validation_error',
      status: 400,
    });
  });
});

describe('health', () => {
  it('reports liveness, readiness and metrics', async () => {
    expect(await bridge.get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await bridge.get('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', reasons: [], durability: 'redis' },
    });
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text();
    expect(metrics).toMatch(/shiplog_webhooks_total\{source="gitlab",verdict="accepted",reason=""\} \d+/);
    expect(metrics).toContain('shiplog_oldest_undelivered_seconds');
  });
});

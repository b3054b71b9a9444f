import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { CloudEvent, HTTP } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET, startTestBridge } from '../support/bridge.ts';
import { AlertopsMessage, CtoaiEvent } from '../support/destination-schemas.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from '../support/fake-server.ts';

const KEY = '0f3a6c2e-b1d4-4e57-9a80-c6f2d1e5b794';
const TOKEN = 'a-token-of-the-destination';

/** Refuses whoever proves nothing, and what none of the three documents. */
function receive({ method, path, headers, text }: FakeRequest): FakeReply {
  if (method !== 'POST') return { status: 405 };
  const isProved = headers.authorization === `Bearer ${TOKEN}`;
  switch (path) {
    case `/POSTAlert/${KEY}/Custom`:
      return AlertopsMessage.safeParse(JSON.parse(text)).success ? { status: 200, body: 'a-token' } : { status: 400 };
    case '/ctoai/':
      if (!isProved) return { status: 401 };
      return CtoaiEvent.safeParse(JSON.parse(text)).success
        ? { status: 200, body: { message: 'event written' } }
        : { status: 400 };
    case '/cdevents': {
      const signature = createHmac('sha256', SIGNING_SECRET).update(text).digest('hex');
      if (!isProved || headers['x-hub-signature-256'] !== `sha256=${signature}`) return { status: 401 };
      const event = HTTP.toEvent({ headers, body: text });
      return event instanceof CloudEvent && event.validate() ? { status: 202 } : { status: 400 };
    }
    case '/otlp/v1/logs':
      return isProved ? { status: 200, body: {} } : { status: 401 };
    default:
      return { status: 404, body: `no integration at ${path}` };
  }
}

const SIGNING_SECRET = 'cdevents-signing-secret';
const PATH_SECRET = 'a-secret-in-the-path';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let fake: FakeServer;
let gitlab: FakeGitlab;
beforeAll(async () => {
  fake = await startFakeServer(receive);
  gitlab = await startFakeGitlab({
    projects: [
      { id: 30, path: 'harbor/lighthouse-api', acceptAnySha: true },
      { id: 31, path: 'harbor/manifests', acceptAnySha: true },
    ],
  });
  bridge = await startTestBridge({
    sources: [
      { type: 'heroku', secrets: [SECRET], environments: { 'lighthouse-prod': 'production' } },
      { type: 'ctoai', secrets: [SECRET] },
      { type: 'webhook', preset: 'github', secrets: [SECRET] },
      { type: 'flux', secrets: [SECRET] },
      { type: 'webhook', preset: 'jenkins', secrets: [PATH_SECRET] },
    ],
    rules: [{ match: { source: 'heroku' }, set: { gitlab_project: 'harbor/lighthouse-api' } }],
    sinks: [
      { type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN },
      { type: 'alertops', url: `${fake.url}/POSTAlert/${KEY}/Custom` },
      { type: 'ctoai', url: `${fake.url}/ctoai`, token: TOKEN, team_id: 'team' },
      { type: 'cdevents', url: `${fake.url}/cdevents`, token: TOKEN, signing_secret: SIGNING_SECRET },
      {
        type: 'otlp',
        url: `${fake.url}/otlp`,
        protocol: 'http/json',
        headers: { authorization: `Bearer ${TOKEN}` },
      },
    ],
  });
});
afterAll(async () => {
  await bridge.stop();
  await fake.close();
  await gitlab.close();
});

const bodiesAt = (path: RegExp) =>
  fake.requests.filter((request) => path.test(request.path)).map(({ text }) => JSON.parse(text));

/** What a job does that uses CTO.ai's GitLab template: JSON by hand, and an answer that nobody looks at. */
const tellAsTheTemplateDoes = (action: string, run: string) =>
  promisify(execFile)(
    'sh',
    [
      '-c',
      `curl --silent --location --request POST "$ENDPOINT" --header "Authorization: Bearer $TOKEN" \\
         --header 'Content-Type: application/json' --header 'x-ops-mechanism: gitlab-job' \\
         --data "{\\"repo\\":\\"harbor/tide-table\\",\\"branch\\":\\"\\",\\"commit\\":\\"7c1b0e94a8d2f36b5e0917c4ab83d2f1e6509ac7\\",
           \\"image\\":\\"null\\",\\"environment\\":\\"staging\\",\\"event_name\\":\\"deployment\\",\\"event_action\\":\\"$EVENT_ACTION\\",
           \\"team_id\\":\\"team\\",\\"meta\\":{\\"user\\":\\"mira\\"}}"`,
    ],
    { env: { ...process.env, ENDPOINT: `${bridge.url}/webhooks/ctoai/${run}`, TOKEN: SECRET, EVENT_ACTION: action } },
  );

describe('jobs that use the GitLab template of CTO.ai', () => {
  it('are answered as CTO.ai answers them, and forwarded unchanged', async () => {
    const { stdout } = await tellAsTheTemplateDoes('failure', '4711');
    expect(JSON.parse(stdout)).toMatchObject({ message: 'event written' });
    await tellAsTheTemplateDoes('success', '4712');
    await expect.poll(() => bodiesAt(/ctoai/)).toHaveLength(2);
    expect(bodiesAt(/ctoai/)).toEqual(
      expect.arrayContaining(
        ['failure', 'success'].map((event_action) => ({
          team_id: 'team',
          event_name: 'deployment',
          event_action,
          repo: 'harbor/tide-table',
          environment: 'staging',
          commit: '7c1b0e94a8d2f36b5e0917c4ab83d2f1e6509ac7',
          meta: { user: 'mira' },
        })),
      ),
    );
    await expect.poll(() => bodiesAt(/POSTAlert/)).toHaveLength(2);
    expect(
      bodiesAt(/POSTAlert/)
        .map(({ source_status }) => source_status)
        .sort(),
    ).toEqual(['close', 'open']);
    expect(fake.refused).toEqual([]);
  });
});

describe('releases of Heroku', () => {
  const body = readFileSync('test/sources/heroku/rollback.json', 'utf8');
  const signature = createHmac('sha256', SECRET).update(body).digest('base64');

  it('are rejected without a signature', async () => {
    expect(await bridge.post('/webhooks/heroku', body)).toMatchObject({
      status: 401,
      body: { reason: 'bad_signature' },
    });
  });

  it('become one change, and a roll-back of the service', async () => {
    const headers = { 'Heroku-Webhook-Hmac-SHA256': signature };
    for (let times = 0; times < 2; times += 1)
      expect((await bridge.post('/webhooks/heroku', body, headers)).status).toBe(202);
    await expect
      .poll(() => bodiesAt(/cdevents/).map(({ context }) => context.type))
      .toContain('dev.cdevents.service.rolledback.0.3.0');
    const changes = (await bridge.changes()).filter(({ deployment }) => deployment.startsWith('heroku:'));
    expect(changes).toMatchObject([{ environment: 'production', change_type: 'rollback', status: 'succeeded' }]);
    expect(fake.refused).toEqual([]);
  });
});

describe('what Heroku deployed', () => {
  it('is shown in the environments of GitLab, including the failed build', async () => {
    await bridge.settled();
    const before = gitlab.deployments.length;
    for (const file of ['deploy-pending', 'deploy-succeeded', 'build-failed', 'build']) {
      const body = readFileSync(`test/sources/heroku/${file}.json`, 'utf8');
      const signature = createHmac('sha256', SECRET).update(body).digest('base64');
      const { status } = await bridge.post('/webhooks/heroku', body, { 'Heroku-Webhook-Hmac-SHA256': signature });
      expect(status).toBeLessThan(300);
    }
    await bridge.settled();
    const made = gitlab.deployments.slice(before).map(({ environment, status }) => `${environment} ${status}`);
    expect(made.sort()).toEqual(['production failed', 'production success']);
  });
});

describe('the deployments of GitHub', () => {
  const send = (file: string) => {
    const { headers, body } = JSON.parse(readFileSync(`test/sources/webhook/github.${file}.json`, 'utf8'));
    const text = JSON.stringify(body);
    const signature = createHmac('sha256', SECRET).update(text).digest('hex');
    return bridge.post('/webhooks/github', text, { ...headers, 'x-hub-signature-256': `sha256=${signature}` });
  };

  it('become one change from all their signals, in any order; a ping is ignored', async () => {
    expect(await send('ping')).toMatchObject({ status: 202, body: { status: 'ignored', reason: 'ping' } });
    for (const file of ['status-success', 'deployment-created', 'status-in-progress', 'status-success'])
      expect((await send(file)).status).toBe(202);
    await bridge.settled();
    const changes = (await bridge.changes()).filter(({ deployment }) => deployment === 'webhook:github:734001');
    expect(changes).toMatchObject([
      { environment: 'production', status: 'succeeded', source: 'github', changed_by: 'mira', service: 'pay' },
    ]);
    const told = bodiesAt(/otlp/).map((body) => JSON.stringify(body));
    const last = told.filter((text) => text.includes('webhook:github:734001')).at(-1);
    expect(last).toContain('{"key":"service.name","value":{"stringValue":"pay"}}');
    expect(last).toContain('{"key":"deployment.status","value":{"stringValue":"succeeded"}}');
  });
});

describe('what Flux applied', () => {
  const send = (file: string, over: object = {}) => {
    const text = JSON.stringify({ ...JSON.parse(readFileSync(`test/sources/flux/${file}.json`, 'utf8')), ...over });
    const signature = createHmac('sha256', SECRET).update(text).digest('hex');
    return bridge.post('/webhooks/flux', text, { 'x-signature': `sha256=${signature}` });
  };

  it('is one change and one row in GitLab, however often Flux reports it', async () => {
    const before = gitlab.deployments.length;
    for (const file of ['running', 'healthy', 'succeeded']) expect((await send(file)).status).toBe(202);
    await bridge.settled();
    for (const hour of ['15', '18', '22']) await send('succeeded', { timestamp: `2026-03-19T${hour}:30:06Z` });
    await bridge.settled();
    const changes = (await bridge.changes()).filter(({ deployment }) => deployment.startsWith('flux:'));
    expect(changes).toMatchObject([{ environment: 'production', service: 'pay', status: 'succeeded', source: 'flux' }]);
    const made = gitlab.deployments.slice(before).map(({ environment, status }) => `${environment} ${status}`);
    expect(made).toEqual(['production success']);
  });
});

describe('the builds of Jenkins', () => {
  it('are accepted with the secret at the end of the path, which is stored nowhere', async () => {
    const { body } = JSON.parse(readFileSync('test/sources/webhook/jenkins.finalized-success.json', 'utf8'));
    expect((await bridge.post(`/webhooks/jenkins/${PATH_SECRET}`, JSON.stringify(body))).status).toBe(202);
    expect((await bridge.post('/webhooks/jenkins/a-mistyped-path-secret', JSON.stringify(body))).status).toBe(401);
    await bridge.settled();
    const { body: inbox } = await bridge.get('/api/inbox?limit=100');
    expect(JSON.stringify(inbox)).toContain('/webhooks/jenkins');
    for (const place of [inbox, bridge.logged].map((kept) => JSON.stringify(kept))) {
      expect(place).not.toContain(PATH_SECRET);
      expect(place).not.toContain('mistyped');
    }
  });
});

describe('the key of AlertOps', () => {
  it('is in no log line and in no response about a deployment', async () => {
    fake.inject({ kind: 'status', status: 404, path: /POSTAlert/, body: `no integration at /POSTAlert/${KEY}/Custom` });
    await tellAsTheTemplateDoes('failure', '4713');
    await bridge.settled();
    const changes = await bridge.changes();
    const told = await Promise.all(
      changes.map(({ deployment }) => bridge.get(`/api/deployments/${encodeURIComponent(deployment)}`)),
    );
    expect(JSON.stringify(told)).toContain('no integration at');
    expect(JSON.stringify([told, bridge.logged])).not.toContain(KEY);
  });
});

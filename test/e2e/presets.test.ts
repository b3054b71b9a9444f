import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { presetNames } from '../../src/sinks/http/presets/index.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { PRESET_BODIES } from '../support/destination-schemas.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from '../support/fake-server.ts';
import type { PresetName } from '../support/presets.ts';

const SECRET = 'look-alike-secret-0001';
const SIGNING_KEY = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const COMMIT = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

interface Place {
  readonly path: string;
  /** What the destination asks for before it takes anything. */
  readonly isProved: (request: FakeRequest) => boolean;
  readonly answer: FakeReply;
  /** Points the preset at the local server. */
  readonly config: (url: string) => Record<string, unknown>;
}

const bearer = ({ headers }: FakeRequest) => headers.authorization === `Bearer ${SECRET}`;
const header =
  (name: string) =>
  ({ headers }: FakeRequest) =>
    headers[name] === SECRET;

/** Where the destinations of the presets listen, and what they answer, by their own documentation. */
const PLACES: Readonly<Record<PresetName, Place>> = {
  'datadog-dora-deployment': {
    path: '/api/v2/dora/deployment',
    isProved: header('dd-api-key'),
    answer: { status: 200, body: { data: { id: '2a47b5f25b160b8a', type: 'dora_deployment' } } },
    config: (url) => ({ url: `${url}/api/v2/dora/deployment`, secrets: { api_key: SECRET } }),
  },
  'pagerduty-change-event': {
    path: '/v2/change/enqueue',
    isProved: ({ text }) => JSON.parse(text).routing_key === SECRET,
    answer: { status: 202, body: { status: 'success', message: 'Event processed' } },
    config: (url) => ({ url: `${url}/v2/change/enqueue`, secrets: { routing_key: SECRET } }),
  },
  'devlake-deployment': {
    path: '/api/rest/plugins/webhook/connections/3/deployments',
    isProved: bearer,
    answer: { status: 200 },
    config: (url) => ({ settings: { url, connection_id: 3 }, secrets: { api_key: SECRET } }),
  },
  'grafana-annotation': {
    path: '/api/annotations',
    isProved: bearer,
    answer: { status: 200, body: { message: 'Annotation added', id: 1 } },
    config: (url) => ({ settings: { url }, secrets: { token: SECRET } }),
  },
  'sentry-deploy': {
    path: `/api/0/organizations/harbor/releases/${COMMIT}/deploys/`,
    isProved: bearer,
    answer: { status: 201, body: { id: '1234567', environment: 'production' } },
    config: (url) => ({ settings: { url, organization: 'harbor' }, secrets: { token: SECRET } }),
  },
  'newrelic-change-tracking': {
    path: '/graphql',
    isProved: header('api-key'),
    answer: { status: 200, body: { data: { changeTrackingCreateDeployment: { deploymentId: 'd1' } } } },
    config: (url) => ({
      settings: { url: `${url}/graphql`, entity_guid: 'TG9va0FsaWtl' },
      secrets: { api_key: SECRET },
    }),
  },
  'newrelic-change-event': {
    path: '/events/graphql',
    isProved: header('api-key'),
    answer: {
      status: 200,
      body: { data: { changeTrackingCreateEvent: { changeTrackingEvent: { changeTrackingId: 'e1' }, messages: [] } } },
    },
    config: (url) => ({ settings: { url: `${url}/events/graphql` }, secrets: { api_key: SECRET } }),
  },
  'honeycomb-marker': {
    path: '/1/markers/__all__',
    isProved: header('x-honeycomb-team'),
    answer: { status: 201, body: { id: 'd1c84ec0' } },
    config: (url) => ({ settings: { url }, secrets: { api_key: SECRET } }),
  },
  'incident-io': {
    path: '/v2/alert_events/http/01LOOKALIKE',
    isProved: bearer,
    answer: { status: 202, body: { status: 'success', message: 'Event accepted for processing' } },
    config: (url) => ({
      url: `${url}/v2/alert_events/http/{settings.alert_source_config_id}`,
      settings: { alert_source_config_id: '01LOOKALIKE' },
      secrets: { token: SECRET },
    }),
  },
  'compass-deployment': {
    path: '/gateway/api/compass/v1/events',
    isProved: ({ headers }) => headers.authorization === `Basic ${btoa(`shiplog@harbor.example:${SECRET}`)}`,
    answer: { status: 202 },
    config: (url) => ({
      settings: { site: url, cloud_id: '8c1b61ee-0000-4000-8000-f1129c2081ab', user: 'shiplog@harbor.example' },
      secrets: { token: SECRET },
    }),
  },
  firehydrant: {
    path: '/v1/changes/events',
    isProved: bearer,
    answer: { status: 201, body: { id: 'c1' } },
    config: (url) => ({ settings: { url: `${url}/v1/changes/events` }, secrets: { token: SECRET } }),
  },
  slack: {
    path: `/services/T000/B000/${SECRET}`,
    isProved: () => true, // the path is the proof
    answer: { status: 200, body: 'ok' },
    config: (url) => ({ secrets: { url: `${url}/services/T000/B000/${SECRET}` } }),
  },
};

let fake: FakeServer;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
const taken: { by: string; body: unknown }[] = [];

/** Refuses whoever proves nothing, and every body that the destination does not document. */
function receive(request: FakeRequest): FakeReply {
  if (request.path === '/releases') return receiveSigned(request);
  const name = presetNames.find((preset) => PLACES[preset].path === request.path);
  if (!name || request.method !== 'POST')
    return { status: 404, body: `nothing is at ${request.method} ${request.path}` };
  if (!PLACES[name].isProved(request)) return { status: 401, body: 'who are you?' };
  const schema: z.ZodType = PRESET_BODIES[name];
  const parsed = schema.safeParse(JSON.parse(request.text));
  if (!parsed.success) return { status: 400, body: parsed.error.message };
  taken.push({ by: name, body: parsed.data });
  return PLACES[name].answer;
}

/** Verified by the reference implementation of Standard Webhooks. */
function receiveSigned({ headers, text }: FakeRequest): FakeReply {
  try {
    const named = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    taken.push({ by: 'releases', body: new Webhook(SIGNING_KEY).verify(text, Object.fromEntries(named)) });
    return { status: 204 };
  } catch {
    return { status: 401, body: 'who are you?' };
  }
}

beforeAll(async () => {
  fake = await startFakeServer(receive);
  bridge = await startTestBridge({
    sinks: [
      ...presetNames.map((preset) => ({ type: 'http', preset, ...PLACES[preset].config(fake.url) })),
      {
        type: 'http',
        name: 'releases',
        url: `${fake.url}/releases`,
        secrets: { key: SIGNING_KEY },
        auth: { hmac: '{secrets.key}' },
        states: ['succeeded', 'failed'],
        when: { environment: 'production' },
        body: { title: { text: '{service} to {environment.name}' }, state: { path: 'state' } },
      },
    ],
  });
});
afterAll(async () => {
  await bridge.stop();
  await fake.close();
});

const takenBy = () => taken.map(({ by }) => by).sort();

it('a deployment is delivered to the destination of every preset, which verifies sender and content', async () => {
  expect((await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders())).status).toBe(202);
  await bridge.settled();
  expect(fake.refused).toEqual([]);
  expect(takenBy()).toEqual([...presetNames, 'releases'].sort());
  expect(taken).toContainEqual({ by: 'releases', body: { title: 'lighthouse-api to production', state: 'succeeded' } });
});

it('a failure is delivered to destinations that have a status for it, with a reason for the others', async () => {
  taken.splice(0);
  const failure = gitlabDeploymentHook({
    status: 'failed',
    deployment_id: 502,
    deployable_id: 15_664_214_927,
    environment: 'staging',
  });
  expect((await bridge.post('/webhooks/gitlab', failure, gitlabHeaders())).status).toBe(202);
  await bridge.settled();
  const deaf = ['datadog-dora-deployment', 'newrelic-change-tracking', 'newrelic-change-event', 'sentry-deploy'];
  expect(takenBy()).toEqual(presetNames.filter((name) => !deaf.includes(name)).sort());
  expect(fake.refused).toEqual([]);
  const [change] = await bridge.changes('&environment=staging');
  const { body } = await bridge.get(`/api/deployments/${encodeURIComponent(change?.deployment ?? '')}`);
  for (const name of [...deaf, 'releases']) expect(JSON.stringify(body)).toContain(name);
});

it('no secret of a destination is in a log line', () => {
  expect(JSON.stringify(bridge.logged)).not.toContain(SECRET);
});

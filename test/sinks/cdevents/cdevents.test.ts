import { createHmac } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { State } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { cdevents } from '../../../src/sinks/cdevents/index.ts';
import { artifactId } from '../../../src/sinks/cdevents/purl.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { type FakeRequest, type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const UriReference = z.string().refine((text) => /^\S+$/.test(text) && URL.canParse(text, 'https://base.example'));

const TOKEN = 'cdevents-token-of-25-letters';
const SIGNING_SECRET = 'cdevents-signing-secret';

/**
 * The constraints of CDEvents 0.5.1 for the events that are sent, written by hand from its JSON schemas, which are no package
 * (cdevents/official-schemas.test.ts asks the files themselves). No field besides these is allowed in context, subject and content.
 */
const context = (types: readonly string[]) =>
  z.strictObject({
    specversion: z.literal('0.5.1'),
    id: z.string().min(1),
    chainId: z.string().min(1),
    source: UriReference,
    type: z.enum(types.map((type) => `dev.cdevents.${type}.0.3.0`)),
    timestamp: z.iso.datetime(),
  });
const Purl = z
  .string()
  .regex(
    /^pkg:[a-z][a-z0-9.-]*(?:\/[A-Za-z0-9._~%-]+)+(?:@[A-Za-z0-9._~%-]+)?(?:\?[a-z_]+=[^&\s]+(?:&[a-z_]+=[^&\s]+)*)?$/,
  );
const custom = {
  customData: z.record(z.string(), z.string().min(1)),
  customDataContentType: z.literal('application/json'),
};
const ServiceEvent = z.strictObject({
  context: context(['service.deployed', 'service.upgraded', 'service.rolledback']),
  subject: z.strictObject({
    id: z.string().min(1),
    source: UriReference,
    content: z.strictObject({ environment: z.strictObject({ id: z.string().min(1) }), artifactId: Purl }),
  }),
  ...custom,
});
const Run = z.strictObject({
  pipelineName: z.string().min(1),
  uri: z.url().optional(),
});
const runEvent = <Content extends z.ZodType>(predicate: string, content: Content) =>
  z.strictObject({
    context: context([`pipelinerun.${predicate}`]),
    subject: z.strictObject({ id: z.string().min(1), source: UriReference, content }),
    ...custom,
  });
const RunEvent = z.union([
  runEvent('queued', Run),
  runEvent('started', Run.required()),
  runEvent(
    'finished',
    Run.extend({ outcome: z.enum(['success', 'failure', 'cancel', 'error']), errors: z.string().min(1).optional() }),
  ),
]);
const EnvironmentEvent = z.strictObject({
  context: context(['environment.modified']),
  subject: z.strictObject({
    id: z.string().min(1),
    source: UriReference,
    content: z.strictObject({ name: z.string().min(1), uri: z.url().optional() }),
  }),
  ...custom,
});
const CdEvent = z.union([ServiceEvent, RunEvent, EnvironmentEvent]);
type CdEvent = z.infer<typeof CdEvent>;

/** CloudEvents 1.0: required and optional attributes, and the content type of CDEvents. */
const Attributes = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().min(1),
  time: z.iso.datetime(),
});
const Envelope = Attributes.extend({ datacontenttype: z.literal('application/json'), data: CdEvent });

let fake: FakeServer;
let events: CdEvent[];
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const made = cdevents.parse({ type: 'cdevents', url: `${fake.url}/events`, timeout_seconds: 60, ...over });
  if (!made) throw new Error('the sink is off');
  return made;
};

/** As a receiver of CloudEvents reads it, in whichever mode. The SDK of CloudEvents checks it against their JSON schema. */
function read({ headers, text }: FakeRequest): { attributes: z.infer<typeof Attributes>; event: CdEvent } {
  const received = HTTP.toEvent({ headers, body: text });
  expect(received instanceof CloudEvent && received.validate()).toBe(true);
  if (headers['content-type'] === 'application/cloudevents+json') {
    const { data, datacontenttype: _, ...attributes } = Envelope.parse(JSON.parse(text));
    return { attributes, event: data };
  }
  expect(headers['content-type']).toMatch(/^application\/json/);
  const given = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
  const attributes = Object.fromEntries(
    given.map(([name, value]) => [name.slice('ce-'.length), decodeURIComponent(String(value))]),
  );
  return { attributes: Attributes.parse(attributes), event: CdEvent.parse(JSON.parse(text)) };
}

beforeEach(async () => {
  events = [];
  fake = await startFakeServer((request) => {
    if (request.method === 'GET') return { status: 405 };
    if (request.path !== '/events') return { status: 404 };
    const { attributes, event } = read(request);
    const { id, source, type, timestamp } = event.context;
    expect(attributes).toEqual({ specversion: '1.0', id, source, type, subject: event.subject.id, time: timestamp });
    events.push(event);
    return { status: 202 };
  });
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

const typesOf = (sent: readonly CdEvent[]) =>
  sent.map(({ context }) => context.type.replace('dev.cdevents.', '').replace('.0.3.0', ''));
const tell = async (deployment: Deployment) => {
  await ledger.deliver(sink, deployment);
  expect(fake.refused).toEqual([]);
  return events.splice(0);
};

describe('the configuration of cdevents', () => {
  it('is off without a url', () => {
    expect(cdevents.parse({ type: 'cdevents' })).toBeUndefined();
  });

  it('wants the configured states, and says which', () => {
    const wanted = State.options.filter((state) => sink.wants(aDeployment({ state })).wanted);
    expect(wanted).toEqual(['running', 'succeeded', 'failed', 'canceled']);
    expect(sink.wants(aDeployment({ state: 'pending' }))).toMatchObject({ why: expect.stringContaining('pending') });
  });
});

describe.each(['binary', 'structured'] as const)('the events in the mode %s', (mode) => {
  beforeEach(() => {
    sink = makeSink({ mode });
  });

  it.each([
    ['pending', ['pipelinerun.queued'], undefined],
    ['running', ['pipelinerun.started'], undefined],
    ['succeeded', ['pipelinerun.finished', 'service.deployed'], 'success'],
    ['failed', ['pipelinerun.finished'], 'failure'],
    ['canceled', ['pipelinerun.finished'], 'cancel'],
  ] as const)('of a deployment that is %s are %j', async (state, types, outcome) => {
    const sent = await tell(aDeployment({ state }));
    expect(typesOf(sent)).toEqual(types);
    expect(sent[0]?.subject.content).toMatchObject(outcome ? { outcome } : {});
  });

  it('contain all known fields', async () => {
    const sent = await tell(
      aDeployment({
        pipelineUrl: 'https://argo.example.com/applications/beacon',
        repository: { name: 'harbor/lighthouse-api', url: 'https://gitlab.harbor.example/harbor/lighthouse-api' },
      }),
    );
    await expect(`${JSON.stringify(sent, null, 2)}\n`).toMatchFileSnapshot('succeeded.expected.json');
  });

  it('carry a service of any language', async () => {
    const [, event] = await tell(aDeployment({ service: 'Leuchtturm "Süd" 100% 🚢' }));
    expect(event?.subject.id).toBe('Leuchtturm "Süd" 100% 🚢');
  });

  it('are previewed as they are sent', async () => {
    const preview = sink.preview(aDeployment());
    expect(preview.notes).toEqual([expect.stringContaining('pipelinerun.finished')]);
    await ledger.deliver(sink, aDeployment());
    const last = fake.requests.at(-1);
    expect(preview.body).toEqual(JSON.parse(last?.text ?? ''));
    expect(last?.headers).toMatchObject(preview.headers);
  });
});

describe('a service', () => {
  it.each([
    [{}, 'service.deployed'],
    [{ replaced: { deployment: 'before', sha: sha(2) } }, 'service.upgraded'],
    [{ replaced: { deployment: 'before' }, changeType: 'rollback' }, 'service.rolledback'],
  ] as const)('with %j is %s', async (over, type) => {
    expect(typesOf(await tell(aDeployment(over))).at(-1)).toBe(type);
  });

  it('is all that is sent if run starts are disabled', async () => {
    sink = makeSink({ states: ['succeeded'] });
    expect(typesOf(await tell(aDeployment()))).toEqual(['service.deployed']);
  });

  it('contains the reason of a failure, if known', async () => {
    const [event] = await tell(aDeployment({ state: 'failed', description: 'The migration broke off' }));
    expect(event?.subject.content).toMatchObject({ errors: 'The migration broke off' });
  });
});

describe('a run that starts', () => {
  it('has the address of its pipeline, or its own page, as CDEvents requires one', async () => {
    sink = makeSink();
    const addressOf = async (over: Partial<Deployment>) =>
      (await tell(aDeployment({ state: 'running', ...over }))).map(({ subject }) =>
        Reflect.get(subject.content, 'uri'),
      );
    const pipelineUrl = 'https://argo.example.com/applications/beacon';
    expect(await addressOf({ key: 'a', pipelineUrl })).toEqual([pipelineUrl]);
    expect(await addressOf({ key: 'b' })).toEqual([expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/)]);
    expect(await addressOf({ key: 'c', pipelineUrl: '/pipelines/7' })).toEqual([expect.stringMatching(/^urn:uuid:/)]);
  });
});

describe('an environment', () => {
  it('is reported as modified by a success, if configured', async () => {
    sink = makeSink({ environment_events: true });
    const environment = { name: 'production', url: 'https://lighthouse.example.com' };
    const sent = await tell(aDeployment({ environment }));
    expect(typesOf(sent)).toEqual(['pipelinerun.finished', 'environment.modified', 'service.deployed']);
    expect(sent[1]?.subject).toMatchObject({
      id: 'production',
      content: { name: 'production', uri: 'https://lighthouse.example.com/' },
    });
    expect(typesOf(await tell(aDeployment({ key: 'other', state: 'failed' })))).toEqual(['pipelinerun.finished']);
    expect(sink.preview(aDeployment()).notes).toEqual([
      expect.stringContaining('pipelinerun.finished'),
      expect.stringContaining('environment.modified'),
    ]);
  });
});

describe('the id of an event', () => {
  it('is a UUID, and the same however often it is sent', async () => {
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({
      message: expect.stringContaining('perhaps twice, with the same id'),
    });
    const ids = events.map(({ context }) => z.uuid().parse(context.id));
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(2);
  });

  it('differs for another deployment and state, in one chain', async () => {
    const sent = [
      ...(await tell(aDeployment({ state: 'running' }))),
      ...(await tell(aDeployment())),
      ...(await tell(aDeployment({ key: 'other' }))),
    ];
    expect(new Set(sent.map(({ context }) => context.id)).size).toBe(5);
    const chains = sent.map(({ context }) => context.chainId);
    expect(new Set(chains.slice(0, 3)).size).toBe(1);
    expect(new Set(chains).size).toBe(2);
  });

  it('does not change if more becomes known', () => {
    const idOf = (deployment: Deployment) => CdEvent.parse(sink.preview(deployment).body).context.id;
    const more = aDeployment({ replaced: { deployment: 'before' }, occurredAt: '2026-03-19T14:30:09.000Z' });
    expect(idOf(more)).toBe(idOf(aDeployment()));
  });
});

describe('what was deployed', () => {
  const DIGEST = `sha256:${'ab'.repeat(32)}`;
  const on = (url: string) => ({ repository: { name: 'Harbor/Lamp', url } });
  it.each([
    [
      { artifacts: ['chart:beacon@4', `registry.harbor.example:5000/apps/Lamp:3@${DIGEST}`] },
      `pkg:oci/lamp@sha256%3A${'ab'.repeat(32)}?repository_url=registry.harbor.example%3A5000%2Fapps%2Flamp&tag=3`,
    ],
    [{ artifacts: ['lamp:3.14'] }, 'pkg:oci/lamp?tag=3.14'],
    [{ artifacts: ['lamp:3.14', 'pkg:maven/harbor/lamp@3.14'] }, 'pkg:maven/harbor/lamp@3.14'],
    [{ artifacts: ['lamp.jar'], repository: { name: 'lamp' } }, `pkg:generic/lamp@${sha(1)}`],
    [on('https://github.com/Harbor/Lamp'), `pkg:github/harbor/lamp@${sha(1)}`],
    [on('https://bitbucket.org/harbor/lamp.git'), `pkg:bitbucket/harbor/lamp@${sha(1)}`],
    [
      on('https://gitlab.harbor.example/harbor/lamp'),
      `pkg:generic/Harbor/Lamp@${sha(1)}?vcs_url=git%2Bhttps%3A%2F%2Fgitlab.harbor.example%2Fharbor%2Flamp.git%40${sha(1)}`,
    ],
    [{ repository: { name: 'harbor/lamp (old)' } }, `pkg:generic/harbor/lamp%20%28old%29@${sha(1)}`],
    [{ artifacts: ['not an image'], repository: { name: 'harbor/lamp' } }, `pkg:generic/harbor/lamp@${sha(1)}`],
    [{ repository: { name: 'harbor/lamp' }, commit: {} }, 'pkg:generic/harbor/lamp'],
  ])('%j is %s', (over, purl) => {
    expect(Purl.parse(artifactId(aDeployment(over)))).toBe(purl);
  });
});

describe('the sender', () => {
  it('is authenticated by a token and a signature of the body, which no preview shows', async () => {
    sink = makeSink({ token: TOKEN, signing_secret: SIGNING_SECRET });
    expect(sink.secrets).toEqual([TOKEN, SIGNING_SECRET]);
    await tell(aDeployment());
    for (const { headers, text } of fake.requests) {
      expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
      const signature = createHmac('sha256', SIGNING_SECRET).update(text).digest('hex');
      expect(headers['x-hub-signature-256']).toBe(`sha256=${signature}`);
    }
    expect(sink.preview(aDeployment()).headers).toMatchObject({
      authorization: 'Bearer [secret]',
      'x-hub-signature-256': 'sha256=[secret]',
    });
  });

  it('is not authenticated without either', async () => {
    await tell(aDeployment());
    expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(fake.requests[0]?.headers).not.toHaveProperty('x-hub-signature-256');
  });

  it('is in no error', async () => {
    sink = makeSink({ token: TOKEN });
    fake.inject({ kind: 'status', status: 401, body: `Bearer ${TOKEN} is wrong` });
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error.message).toMatch(/\[secret\] is wrong.*valid token/);
    expect(error.message).not.toContain(TOKEN);
  });
});

describe('a delivery to a receiver of CDEvents', () => {
  it('happens once', async () => {
    expect(await ledger.deliver(sink, aDeployment())).toEqual({ message: '202 accepted', status: 202 });
    expect(await ledger.deliver(sink, aDeployment())).toBe('known');
    expect(events).toHaveLength(2);
  });

  it.each([
    [400, 'never', false],
    [401, { afterMs: 10_000, hold: 'sink' }, false],
    [404, 'never', false],
    [429, 'backoff', false],
    [500, 'backoff', true],
    [503, 'backoff', false],
  ] as const)('maps status %i to the right retry', async (status, retry, isUncertain) => {
    fake.inject({ kind: 'status', status });
    expect(await failed(ledger.attempt(sink, aDeployment()))).toMatchObject({ retry, status });
    expect(ledger.of(aDeployment().key).known.attemptedAt !== undefined).toBe(isUncertain);
  });

  it('remembers that the first of two events was accepted if the second was not', async () => {
    fake.inject({ kind: 'delay', ms: 0 }, { kind: 'status', status: 503 });
    await failed(ledger.attempt(sink, aDeployment()));
    expect(ledger.of(aDeployment().key).known.attemptedAt).toBeDefined();
    await ledger.deliver(sink, aDeployment());
    expect(typesOf(events)).toEqual(['pipelinerun.finished', 'pipelinerun.finished', 'service.deployed']);
  });

  it('does not happen in a check', async () => {
    expect(await sink.check(new AbortController().signal)).toContain('answers');
    expect(events).toEqual([]);
  });
});

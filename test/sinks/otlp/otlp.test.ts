import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as registry from '@opentelemetry/semantic-conventions/incubating';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { State } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { AnySink } from '../../../src/sinks/index.ts';
import { normalized } from '../../../src/sinks/normalized.ts';
import { toLogEvent, toSpan } from '../../../src/sinks/otlp/signals.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { anyDeployment } from '../../support/any-deployment.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { createMemoryLedger } from '../../support/ledger.ts';
import { numberAndText, partialSuccess, readLogs, readTraces } from '../../support/otlp-wire.ts';

const REPOSITORY = 'https://gitlab.example.com/harbor/beacons/lighthouse-api';
/** Everything that may be known of one. */
const WHOLE: Deployment = aDeployment({
  environment: { name: 'prod-eu', tier: 'production', url: 'https://lighthouse.example.com' },
  repository: { name: 'harbor/beacons/lighthouse-api', url: `${REPOSITORY}.git` },
  tag: false,
  artifacts: ['registry.example.com:5000/harbor/lighthouse-api:1.4.2'],
  pipelineUrl: `${REPOSITORY}/-/pipelines/5521`,
  job: 'deploy-production',
  jobUrl: `${REPOSITORY}/-/jobs/88231`,
  pullRequest: { number: '101', title: 'Turn the lamp faster', url: `${REPOSITORY}/-/merge_requests/101` },
  replaced: { deployment: 'an earlier one', sha: sha(2), compareUrl: `${REPOSITORY}/-/compare/1...2` },
  riskLevel: 'high',
  description: 'The lamp turned too slowly.',
  owner: {
    team: 'keepers',
    channel: '#keepers',
    runbook: 'https://wiki.example.com/lamp',
    on_call: 'https://pager.example.com',
  },
});
const OPTIONS = {
  environments: { 'prod-eu': 'production' },
  withSpans: true,
  pageUrl: 'https://shiplog.example.com/a',
};

/** Every state, how it may have ended, and whatever tools tell. */
const VARIANTS: readonly Deployment[] = [
  ...State.options.map((state) => ({ ...WHOLE, state })),
  { ...WHOLE, state: 'canceled', endReason: 'never_ran' },
  { ...WHOLE, state: 'canceled', endReason: 'superseded' },
  { ...WHOLE, state: 'failed', succeededAt: '2026-03-19T14:30:07.000Z' },
  { ...WHOLE, repository: { name: 'harbor/lamp', url: 'https://github.com/harbor/lamp' }, ref: 'v2', tag: true },
  { ...WHOLE, repository: { name: 'harbor/lamp', url: 'https://bitbucket.org/harbor/lamp' } },
  { ...WHOLE, repository: { name: 'lamp', url: 'https://code.example.com/projects/HARBOR/repos/lamp' } },
];

const attributesOf = (deployment: Deployment) => {
  const parts = [toLogEvent(normalized(deployment), OPTIONS), toSpan(normalized(deployment), OPTIONS)];
  return parts.flatMap((part) => [part?.resource, part?.attributes].flatMap((one) => Object.entries(one ?? {})));
};

const inRegistry = Object.entries(registry as Readonly<Record<string, unknown>>);
const NAMES = new Set(inRegistry.flatMap(([constant, value]) => (constant.startsWith('ATTR_') ? [value] : [])));
/** The words of an attribute that has a closed list of them. */
const wordsOf = (name: string) => {
  const prefix = `${name.replaceAll('.', '_').toUpperCase()}_VALUE_`;
  return inRegistry.flatMap(([constant, value]) => (constant.startsWith(prefix) ? [value] : []));
};
/** The registry names the usual environments, and lets there be others. */
const OPEN = ['deployment.environment.name'];

describe('the names that OpenTelemetry receives', () => {
  it('are those of the registry, with its values, or begin with shiplog.', () => {
    const wrong = new Set<string>();
    const check = (deployment: Deployment) => {
      for (const [name, value] of attributesOf(deployment)) {
        if (name.startsWith('shiplog.')) continue;
        if (!NAMES.has(name)) wrong.add(name);
        const words = OPEN.includes(name) ? [] : wordsOf(name);
        if (words.length > 0 && !words.includes(value)) wrong.add(`${name}: ${value}`);
      }
    };
    VARIANTS.forEach(check);
    fc.assert(fc.property(anyDeployment, check), { numRuns: 100 });
    expect([...wrong]).toEqual([]);
  });

  it('have values in the registry that was read', () => {
    expect(wordsOf('deployment.status')).toEqual(['failed', 'succeeded']);
    expect(wordsOf('cicd.pipeline.result')).toContain('skip');
    expect(wordsOf('vcs.provider.name')).toContain('gitlab');
  });

  it('are all in the README', () => {
    const readme = readFileSync('src/sinks/otlp/README.md', 'utf8');
    const names = new Set(VARIANTS.flatMap(attributesOf).map(([name]) => name));
    expect([...names].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

it('a deployment of which all is known becomes this', async () => {
  const sink = sinkAt('https://collector.example.com', { protocol: 'http/json', environments: OPTIONS.environments });
  const { body } = sink.preview({ ...WHOLE, state: 'failed' }, { pageUrl: OPTIONS.pageUrl });
  await expect(`${JSON.stringify(body, null, 2)}\n`).toMatchFileSnapshot('failed.expected.json');
});

describe('the version of the service', () => {
  const versionOf = (over: Partial<Deployment>) => toLogEvent(aDeployment(over), OPTIONS).attributes['service.version'];

  it('is that of its one image, else the tag, else the commit', () => {
    expect(versionOf({ artifacts: ['harbor/lamp:1.4.2', 'chart:lamp@1.4.2'] })).toBe('1.4.2');
    expect(versionOf({ artifacts: ['harbor/lamp:1.4.2', 'harbor/door:7'], ref: 'v1.4.2', tag: true })).toBe('v1.4.2');
    expect(versionOf({ artifacts: [], ref: 'main', tag: false })).toBe(sha(1));
  });
});

function sinkAt(url: string, over: Record<string, unknown> = {}): Sink {
  const sink = AnySink.parse({ type: 'otlp', url, ...over });
  if (!sink) throw new Error('the sink is off');
  return sink;
}

interface Received {
  readonly path: string;
  readonly type: string | undefined;
  readonly body: Buffer;
}
interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string | Buffer;
}

/** A receiver on 127.0.0.1 that keeps the bytes. */
async function startReceiver(answer: (path: string) => Answer = () => ({})) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '';
    received.push({ path, type: request.headers['content-type'], body: Buffer.concat(chunks) });
    const { status = 200, type = request.headers['content-type'] ?? 'text/plain', body = '' } = answer(path);
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }; // a TCP server has one
}

const deliver = (sink: Sink, deployment: Deployment = WHOLE) => createMemoryLedger().attempt(sink, deployment);

describe('a receiver', () => {
  it('gets the same data in Protobuf as in JSON', async () => {
    const { url, received } = await startReceiver((path) => ({ body: path.includes('json') ? '{}' : '' }));
    for (const deployment of VARIANTS)
      for (const [protocol, path] of [
        ['http/protobuf', ''],
        ['http/json', '/json'],
      ])
        await deliver(sinkAt(`${url}${path}`, { protocol, signals: ['logs', 'traces'] }), deployment);
    const read = ({ path, type, body }: Received) => {
      if (type === 'application/json') return withoutEmpty(JSON.parse(body.toString()));
      expect(type).toBe('application/x-protobuf');
      return withoutEmpty(path.endsWith('traces') ? readTraces(body) : readLogs(body));
    };
    const inJson = received.filter(({ path }) => path.startsWith('/json')).map(read);
    const inProtobuf = received.filter(({ path }) => !path.startsWith('/json')).map(read);
    expect(inProtobuf.length).toBeGreaterThan(VARIANTS.length);
    expect(inProtobuf).toEqual(inJson);
  });

  it('gets a request that its own definitions can decode (OTLP_PROTOS names the folder of opentelemetry-proto)', async (context) => {
    const protos = process.env['OTLP_PROTOS'];
    if (!protos) return context.skip('OTLP_PROTOS is not set');
    const { url, received } = await startReceiver();
    await deliver(sinkAt(url, { signals: ['logs', 'traces'] }), { ...WHOLE, state: 'failed' });
    for (const { path, body } of received) {
      const kind = path === '/v1/logs' ? 'logs' : 'trace';
      const request = `opentelemetry.proto.collector.${kind}.v1.Export${kind === 'logs' ? 'Logs' : 'Trace'}ServiceRequest`;
      const file = `opentelemetry/proto/collector/${kind}/v1/${kind}_service.proto`;
      const text = execFileSync('protoc', [`--decode=${request}`, `--proto_path=${protos}`, file], {
        input: body,
      }).toString();
      expect(text).toContain('deploy-production');
      expect(text).not.toMatch(/^\s*\d+:/m); // a field that the definitions do not have
    }
  });

  it.each([
    [
      'JSON',
      { protocol: 'http/json' },
      (n: number, words: string) =>
        JSON.stringify({ partialSuccess: { rejectedLogRecords: String(n), errorMessage: words } }),
    ],
    ['Protobuf', {}, partialSuccess],
  ] as const)(
    'that takes not all says so in %s: a rejected record is final, a warning is none',
    async (_, over, body) => {
      const rejecting = await startReceiver(() => ({ body: body(1, 'the lamp quota is used up') }));
      expect(await failed(deliver(sinkAt(rejecting.url, over)))).toMatchObject({
        retry: 'never',
        status: 200,
        message: expect.stringContaining('the lamp quota is used up'),
      });
      const warning = await startReceiver(() => ({ body: body(0, 'this schema ends in May') }));
      expect(await deliver(sinkAt(warning.url, over))).toMatchObject({
        status: 200,
        message: expect.stringContaining('this schema ends in May'),
      });
    },
  );

  it('that refuses has the reason in Protobuf, or as text of a proxy', async () => {
    const status = numberAndText(3, 'no tenant is named');
    const strict = await startReceiver(() => ({ status: 400, body: status }));
    expect((await failed(deliver(sinkAt(strict.url)))).message).toMatch(/: 400 no tenant is named$/);
    const proxy = await startReceiver(() => ({
      status: 413,
      type: 'text/html; charset=utf-8',
      body: '<h1>Too large</h1>',
    }));
    expect((await failed(deliver(sinkAt(proxy.url)))).message).toMatch(/: 413 <h1>Too large<\/h1>$/);
  });

  it('is not a sign-in page', async () => {
    const page = { status: 200, type: 'text/html', body: '<html>Sign in</html>' };
    const { url } = await startReceiver(() => page);
    for (const protocol of ['http/json', 'http/protobuf'])
      expect(await failed(deliver(sinkAt(url, { protocol })))).toMatchObject({ retry: 'backoff', status: 200 });
  });
});

/** In Protobuf a zero and an empty list are not sent, and `code: 0` neither. */
const withoutEmpty = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).map(([name, part]) => [name, withoutEmpty(part)] as const);
  return Object.fromEntries(
    kept.filter(([, part]) => part !== 0 && !(Array.isArray(part) && part.length === 0) && !isEmpty(part)),
  );
};
const isEmpty = (part: unknown) => typeof part === 'object' && part !== null && Object.keys(part).length === 0;

describe('the span of a deployment', () => {
  const options = { protocol: 'http/json', signals: ['logs', 'traces'] };

  it('is sent once at its end, and referenced by every log record', async () => {
    const { url, received } = await startReceiver(() => ({ body: '{}' }));
    const sink = sinkAt(url, options);
    const ledger = createMemoryLedger();
    for (const [state, occurredAt] of [
      ['running', '2026-03-19T14:29:00.000Z'],
      ['succeeded', '2026-03-19T14:30:07.000Z'],
      ['failed', '2026-03-19T14:40:00.000Z'],
    ] as const)
      await ledger.attempt(sink, { ...WHOLE, state, occurredAt });
    expect(received.map(({ path }) => path)).toEqual(['/v1/logs', '/v1/traces', '/v1/logs', '/v1/logs']);
    const ids = received.map(
      ({ body }) =>
        /"traceId":"[0-9a-f]{32}","spanId":"[0-9a-f]{16}"/.exec(body.toString())?.[0] ??
        /"traceId":"([0-9a-f]{32})"/.exec(body.toString())?.[0],
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('describes its run: one that failed after its success has a successful run', () => {
    const succeededAt = '2026-03-19T14:30:07.000Z';
    const degraded = toSpan(
      { ...WHOLE, state: 'failed', occurredAt: '2026-03-19T15:00:00.000Z', succeededAt },
      OPTIONS,
    );
    expect(degraded).toMatchObject({ outcome: 'ok', endedAt: new Date(succeededAt) });
    expect(degraded?.attributes).toMatchObject({ 'cicd.pipeline.result': 'success', 'shiplog.state': 'succeeded' });
    expect(toSpan({ ...WHOLE, state: 'failed' }, OPTIONS)).toMatchObject({
      outcome: 'error',
      message: WHOLE.description,
    });
    expect(toSpan({ ...WHOLE, state: 'running' }, OPTIONS)).toBeUndefined();
  });

  it('does not end before its start, whatever the clocks are', () => {
    const span = toSpan({ ...WHOLE, startedAt: '2026-03-19T16:00:00.000Z' }, OPTIONS);
    expect(span?.startedAt).toEqual(span?.endedAt);
  });

  it('may be sent alone: then only ended deployments are accepted', async () => {
    const { url, received } = await startReceiver(() => ({ body: '{}' }));
    const sink = sinkAt(url, { ...options, signals: ['traces'] });
    expect(sink.wants({ ...WHOLE, state: 'running' })).toMatchObject({
      wanted: false,
      why: expect.stringMatching(/ended/),
    });
    await deliver(sink);
    expect(received.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(sink.preview(WHOLE).url).toBe(`${url}/v1/traces`);
  });
});

describe('the configuration', () => {
  it('accepts keys in headers, masks them, and refuses reserved headers', () => {
    const sink = sinkAt('https://otlp.example.com', {
      headers: { 'Api-Key': 'lamp-key', Authorization: 'Basic bGFtcDpsYW1wbGFtcA==' },
    });
    expect(sink.secrets).toEqual(expect.arrayContaining(['lamp-key', 'bGFtcDpsYW1wbGFtcA']));
    for (const headers of [{ 'Content-Type': 'text/plain' }, { 'X Key': 'a' }, { 'X-Key': 'a\n' }])
      expect(AnySink.safeParse({ type: 'otlp', url: 'https://otlp.example.com', headers }).success).toBe(false);
  });

  it('without a URL means off', () => {
    expect(AnySink.parse({ type: 'otlp' })).toBeUndefined();
  });
});

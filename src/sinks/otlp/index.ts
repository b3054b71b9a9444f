import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import { type Deployment, isFinal } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { createSendJson, type JsonRequest, type ReadText } from '../../outbound/http.ts';
import { BaseUrl, Name } from '../../values/settings.ts';
import { normalized } from '../normalized.ts';
import { Concurrency, EnvironmentNames, type SharedOptions, States, TimeoutSeconds } from '../options.ts';
import { answersAt, post, withoutSecrets } from '../post.ts';
import type { DeliveryLedger, PreviewedRequest, Sink } from '../sink.ts';
import { judge, refusal } from './answer.ts';
import { encodeLog, encodeSpan, type Protocol, protobufAsText } from './encode.ts';
import { Headers, secretsIn } from './headers.ts';
import { toLogEvent, toSpan } from './signals.ts';

const Signal = z.enum(['logs', 'traces']);
type Signal = z.infer<typeof Signal>;

/** A receiver of OpenTelemetry's protocol over HTTP: a collector, or a backend. Without a URL it is off. */
export const otlp = z
  .strictObject({
    type: z.literal('otlp'),
    name: Name.default('otlp'),
    /** As in OTEL_EXPORTER_OTLP_ENDPOINT: requests go to /v1/logs and /v1/traces below it. */
    url: BaseUrl.optional(),
    protocol: z.enum(['http/protobuf', 'http/json']).default('http/protobuf'),
    headers: Headers.default({}),
    /** `logs`: each state as an event. `traces`: one span when it has ended. */
    signals: z.array(Signal).min(1).default(['logs']),
    states: States(),
    /** Our environment name → the one in the telemetry of the services. Default: unchanged. */
    environments: EnvironmentNames(),
    concurrency: Concurrency(5),
    timeout_seconds: TimeoutSeconds(),
  })
  .transform(({ url, ...config }): Sink | undefined =>
    url === undefined ? undefined : createSink({ ...config, url }),
  );

interface Config extends SharedOptions {
  readonly url: string;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly signals: readonly Signal[];
  readonly states: readonly State[];
  readonly environments: Readonly<Record<string, string>>;
}

function createSink(config: Config): Sink {
  const { name, url, signals, states } = config;
  const { host } = new URL(url);
  const secrets = secretsIn(config.headers);
  const send = createSendJson({
    timeoutMs: config.timeout_seconds * 1000,
    ...(config.protocol === 'http/protobuf' && { readText: protobufText }),
  });
  return {
    type: 'otlp',
    productName: 'OpenTelemetry',
    name,
    secrets,
    concurrency: config.concurrency,
    ratePerMinute: undefined,
    takenBy: 'body',
    wants({ state }) {
      if (!states.includes(state))
        return { wanted: false, why: `${name} only accepts: ${states.join(', ')}; this one is ${state}` };
      if (signals.includes('logs') || isFinal(state)) return { wanted: true };
      return { wanted: false, why: `${name} is sent spans, which are made of deployments that have ended` };
    },
    async deliver(deployment, ledger, { signal, pageUrl }) {
      const requests = requestsFor(deployment, config, { pageUrl, delivered: ledger.known.delivered });
      if (requests.length === 0) return { message: 'its span was sent when it ended' };
      const warnings: string[] = [];
      const delivered = await post({
        requests,
        ledger,
        async send(request) {
          const answer = withoutSecrets(await send({ ...request, signal }), secrets);
          if (answer.status < 300) warnings.push(judge(answer, `${host} did not accept ${deployment.key}`));
          return answer;
        },
        refusal: (answer) => refusal(answer, `${host} did not accept ${deployment.key}`),
        again: 'perhaps twice, with the same log.record.uid: the answer to an earlier attempt was lost',
      });
      return { ...delivered, message: [delivered.message, ...warnings.filter(Boolean)].join('; it warns: ') };
    },
    preview: (deployment, { pageUrl } = {}) => previewOf(deployment, config, pageUrl),
    async check(signal) {
      await answersAt(send, url, signal);
      return `${host} answers; whether it takes what is sent shows only when a deployment is sent`;
    },
  };
}

const PATHS: Readonly<Record<Signal, string>> = { logs: '/v1/logs', traces: '/v1/traces' };
const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
};

interface Sending {
  readonly pageUrl?: string | undefined;
  /** The state that the receiver has. */
  readonly delivered?: DeliveryLedger['known']['delivered'];
}

/** The span first: the log record then refers to a span that exists. */
function requestsFor(deployment: Deployment, config: Config, { pageUrl, delivered }: Sending): readonly JsonRequest[] {
  const { signals, protocol, environments } = config;
  const reported = normalized(deployment);
  const withSpans = signals.includes('traces');
  const options = { environments, withSpans, pageUrl };
  const isSpanSent = delivered !== undefined && isFinal(delivered.state);
  const span = withSpans && !isSpanSent ? toSpan(reported, options) : undefined;
  return [
    ...(span ? [requestOf('traces', encodeSpan(span, protocol), config)] : []),
    ...(signals.includes('logs')
      ? [requestOf('logs', encodeLog(toLogEvent(reported, options), protocol), config)]
      : []),
  ];
}

function requestOf(signal: Signal, body: Uint8Array, { url, protocol, headers }: Config): JsonRequest {
  const type = CONTENT_TYPES[protocol];
  return {
    method: 'POST',
    url: `${url}${PATHS[signal]}`,
    headers: { accept: type, 'content-type': type, ...headers },
    body,
  };
}

/** The most important request, in JSON in any case: nobody reads Protobuf, and receivers accept both. */
function previewOf(deployment: Deployment, config: Config, pageUrl: string | undefined): PreviewedRequest {
  const readable = requestsFor(deployment, { ...config, protocol: 'http/json' }, { pageUrl });
  const [request, ...before] = readable.toReversed();
  if (!request) throw new DeliveryFailed(`${config.name} is sent spans of what has ended alone`, { retry: 'never' });
  const type = CONTENT_TYPES['http/json'];
  const hidden = Object.fromEntries(Object.keys(config.headers).map((name) => [name, '[secret]']));
  const notes = [
    ...before.map(({ url }) => `Before it goes its span, to ${url}.`),
    ...(config.protocol === 'http/protobuf'
      ? ['It is sent as Protobuf; this is the same in JSON, which receivers take as well.']
      : []),
  ];
  return {
    method: request.method,
    url: request.url,
    headers: { accept: type, 'content-type': type, ...hidden },
    body: jsonOf(request.body),
    notes,
  };
}

const jsonOf = (bytes: unknown): unknown => JSON.parse(Buffer.from(bytes as Uint8Array).toString('utf8')); // requestOf

/** Answers of a proxy are text, whatever was asked for. */
const protobufText: ReadText = (body, { status, contentType }) =>
  /^text\/|\bjson$|\bxml$/.test(contentType) ? body.toString('utf8') : protobufAsText(body, status);

import { createRequire } from 'node:module';
import type * as Transformer from '@opentelemetry/otlp-transformer';
import type * as Resources from '@opentelemetry/resources';
import type { Attributes } from './attributes.ts';
import { type DeploymentSpan, EVENT_NAME, type LogEvent } from './signals.ts';

export type Protocol = 'http/protobuf' | 'http/json';

/**
 * The encoders of OpenTelemetry's own exporters. They are loaded when they are first used, so that a bridge without
 * this sink starts without them; not by import(), because a preview is synchronous.
 */
const load = createRequire(import.meta.url);
const transformer = () => load('@opentelemetry/otlp-transformer') as typeof Transformer; // the exports of that module
const resources = () => load('@opentelemetry/resources') as typeof Resources; // the exports of that module

type Serialized = ReturnType<typeof Transformer.JsonLogsSerializer.serializeRequest>;
type LogRecord = Parameters<typeof Transformer.JsonLogsSerializer.serializeRequest>[0][number];
type Span = Parameters<typeof Transformer.JsonTraceSerializer.serializeRequest>[0][number];

const SCOPE = { name: 'shiplog' };
const SAMPLED = 1;
const INTERNAL = 0;
const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

export function encodeLog(event: LogEvent, protocol: Protocol): Uint8Array {
  const { JsonLogsSerializer, ProtobufLogsSerializer } = transformer();
  const record: LogRecord = {
    hrTime: hrTimeOf(event.at),
    hrTimeObserved: hrTimeOf(event.observedAt),
    severityNumber: event.severity.number,
    severityText: event.severity.text,
    eventName: EVENT_NAME,
    body: event.body,
    attributes: mutable(event.attributes),
    droppedAttributesCount: 0,
    resource: resources().resourceFromAttributes(mutable(event.resource)),
    instrumentationScope: SCOPE,
    ...(event.span && { spanContext: { ...event.span, traceFlags: SAMPLED } }),
  };
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  return written(serializer.serializeRequest([record]));
}

export function encodeSpan(span: DeploymentSpan, protocol: Protocol): Uint8Array {
  const { JsonTraceSerializer, ProtobufTraceSerializer } = transformer();
  const { traceId, spanId, message } = span;
  const [startTime, endTime] = [hrTimeOf(span.startedAt), hrTimeOf(span.endedAt)];
  const readable: Span = {
    name: span.name,
    // a server's span would count among the requests of the service
    kind: INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags: SAMPLED }),
    startTime,
    endTime,
    duration: hrTimeOf(new Date(span.endedAt.getTime() - span.startedAt.getTime())),
    ended: true,
    status: { code: STATUS_CODES[span.outcome], ...(message !== undefined && { message }) },
    attributes: mutable(span.attributes),
    links: [],
    events: [],
    resource: resources().resourceFromAttributes(mutable(span.resource)),
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  const serializer = protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  return written(serializer.serializeRequest([readable]));
}

/**
 * An answer in Protobuf, as the text of the same answer in JSON; of a refusal, its message. Anything else is returned
 * unchanged: a proxy between us and the receiver answers in HTML. Answers for logs and for spans have the same layout.
 */
export function protobufAsText(bytes: Buffer, status: number): string {
  const { ProtobufLogsSerializer } = transformer();
  try {
    if (status < 300) return JSON.stringify(ProtobufLogsSerializer.deserializeResponse(bytes));
    return ProtobufLogsSerializer.deserializeResponse(asField(bytes)).partialSuccess?.errorMessage ?? '';
  } catch {
    return bytes.toString('utf8'); // no Protobuf, whatever its header says
  }
}

/**
 * google.rpc.Status and the partial success of an answer both begin with a number and a text: the reader of one can
 * read the other as its first field.
 */
function asField(message: Buffer): Buffer {
  const head = [0x0a];
  let length = message.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), message]);
}

/** The types of the encoders allow them to change their arguments, which they do not. */
const mutable = (attributes: Attributes): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );

/** Seconds and nanoseconds. */
function hrTimeOf(time: Date): [number, number] {
  const ms = time.getTime();
  const seconds = Math.floor(ms / 1_000);
  return [seconds, (ms - seconds * 1_000) * 1_000_000];
}

function written(bytes: Serialized): Uint8Array {
  if (bytes === undefined) throw new TypeError('the encoder of OpenTelemetry wrote nothing');
  return bytes;
}

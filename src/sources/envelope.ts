import { WebhookRejected } from '../domain/errors.ts';
import { asObject, type JsonObject } from '../values/json.ts';
import { parseJson } from '../values/parse-json.ts';
import type { Mapped } from './mapped.ts';
import type { Source } from './source.ts';

/** Fields that a body lies in when a broker, a gateway or a workflow passes a webhook on. */
const CONTENTS = [
  ...['body', 'payload', 'json', 'data', 'detail', 'message', 'event', 'value', 'request'],
  ...['records', 'client_payload', 'Message', 'Records', '$content', 'values'],
] as const;
/** What such a tool adds beside it: an object with any other field is no envelope. */
const BESIDE = new Set([
  ...['_msgid', 'binary', 'context', 'executionMode', 'header', 'headers', 'hook', 'method', 'pairedItem', 'params'],
  ...['path', 'query', 'req', 'res', 'statusCode', 'topic', 'url', 'webhookUrl', 'event_type', '$content-type'],
  // functions behind a gateway
  ...['resource', 'httpMethod', 'multiValueHeaders', 'queryStringParameters', 'multiValueQueryStringParameters'],
  ...['pathParameters', 'stageVariables', 'requestContext', 'isBase64Encoded', 'routeKey', 'rawPath', 'cookies'],
  ...['rawQueryString', 'version'],
  // event buses, topics and queues
  ...['id', 'source', 'type', 'time', 'detail-type', 'account', 'region', 'resources', 'subject', 'eventType'],
  ...['eventTime', 'dataVersion', 'metadataVersion', 'Type', 'MessageId', 'TopicArn', 'Subject', 'Timestamp'],
  ...['SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL', 'MessageAttributes', 'SequenceNumber'],
  ...['messageId', 'receiptHandle', 'attributes', 'messageAttributes', 'md5OfBody', 'md5OfMessageAttributes'],
  ...['eventSource', 'eventSourceARN', 'awsRegion', 'message_id', 'publishTime', 'publish_time', 'orderingKey'],
  ...['subscription', 'deliveryAttempt', 'key', 'partition', 'offset', 'timestamp'],
  // log collectors
  ...['date', 'fields', 'host', 'index', 'source_type', 'sourcetype'],
  // pages of an API's list
  ...['next', 'page', 'pagelen', 'previous', 'size'],
]);
/** A list in a list, JSON in a text in an event: nothing real is deeper. */
const MAX_LAYERS = 4;
/** Each is mapped; a broker collects some dozens. */
const MAX_ITEMS = 100;

type Records = Extract<Mapped, { kind: 'records' }>;

/**
 * Brokers and workflow tools pass webhooks on as a list, as JSON in a text or in base64, as the data of a CloudEvent or
 * in a field such as `body`. A payload that reports nothing as it is, is opened, and each item in it is mapped.
 */
export const openingEnvelopes = (source: Source): Source => ({
  ...source,
  map: (payload, webhook) => mapEnveloped(payload, (one) => source.map(one, webhook)),
});

/** @throws WebhookRejected of the payload as it is; of an item, if others report something: none may be lost */
function mapEnveloped(payload: unknown, map: (payload: unknown) => Mapped): Mapped {
  const asItIs = attempt(payload, map);
  if ('mapped' in asItIs && asItIs.mapped.kind === 'records') return asItIs.mapped;
  const layers = inside(payload, MAX_LAYERS);
  const found = itemsIn(layers) > MAX_ITEMS ? [] : layers.flatMap((layer) => attemptsIn(layer, map));
  const records = found.flatMap((one) => ('mapped' in one && one.mapped.kind === 'records' ? [one.mapped] : []));
  const [refused] = records.length > 0 ? found.flatMap((one) => ('error' in one ? [one] : [])) : [asItIs];
  if (refused && 'error' in refused) throw refused.error;
  const [first, ...others] = records;
  if (first) return others.reduce(together, first);
  if ('error' in asItIs) throw asItIs.error;
  return asItIs.mapped;
}

type Attempt = { readonly mapped: Mapped } | { readonly error: WebhookRejected };

function attempt(payload: unknown, map: (payload: unknown) => Mapped): Attempt {
  try {
    return { mapped: map(payload) };
  } catch (error) {
    if (!(error instanceof WebhookRejected)) throw error; // a bug, which an envelope must not hide
    return { error };
  }
}

function together(one: Records, other: Records): Records {
  const lookups = [...(one.lookups ?? []), ...(other.lookups ?? [])];
  const alerts = [...(one.alerts ?? []), ...(other.alerts ?? [])];
  const omitted = (one.omitted ?? 0) + (other.omitted ?? 0);
  return {
    kind: 'records',
    records: [...one.records, ...other.records],
    ...(lookups.length > 0 && { lookups }),
    ...(alerts.length > 0 && { alerts }),
    ...(omitted > 0 && { omitted }),
  };
}

/** What is in an envelope, and in the envelopes in it. */
interface Layer {
  readonly payload: unknown;
  readonly inner: readonly Layer[];
}

const inside = (payload: unknown, layers: number): readonly Layer[] =>
  layers > 0 ? opened(payload).map((one) => ({ payload: one, inner: inside(one, layers - 1) })) : [];

const itemsIn = (layers: readonly Layer[]): number =>
  layers.reduce((count, { inner }) => count + Math.max(1, itemsIn(inner)), 0);

/** What reports something is not opened further: a field of it may look like an envelope. */
function attemptsIn({ payload, inner }: Layer, map: (payload: unknown) => Mapped): readonly Attempt[] {
  const asItIs = attempt(payload, map);
  const reports = 'mapped' in asItIs && asItIs.mapped.kind === 'records';
  return reports || inner.length === 0 ? [asItIs] : inner.flatMap((layer) => attemptsIn(layer, map));
}

/** One layer less. */
function opened(payload: unknown): readonly unknown[] {
  if (typeof payload === 'string') return jsonIn(payload);
  if (Array.isArray(payload)) return payload.length > MAX_ITEMS ? [] : payload;
  const object = asObject(payload);
  if (!object) return [];
  return isCloudEvent(object) ? eventIn(object) : contentsOf(object);
}

/** JSON, also in base64. */
function jsonIn(text: string): readonly unknown[] {
  const bytes = Buffer.from(text, isBase64(text) ? 'base64' : 'utf8');
  if (!/^\s{0,9}[{[]/.test(bytes.toString('latin1', 0, 10))) return [];
  const parsed = parseJson(bytes);
  return parsed.ok ? [parsed.value] : [];
}

const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]+={0,2}$/.test(text);

const isCloudEvent = ({ specversion, type, source }: JsonObject): boolean =>
  typeof specversion === 'string' && typeof type === 'string' && typeof source === 'string';

/** Its data may be a text, and bytes in base64. */
function eventIn({ data, data_base64: bytes }: JsonObject): readonly unknown[] {
  if (typeof data === 'string') return jsonIn(data);
  if (typeof bytes === 'string') return jsonIn(bytes);
  return asObject(data) ? [data] : [];
}

function contentsOf(object: JsonObject): readonly unknown[] {
  const [name, ...more] = CONTENTS.filter((field) => Object.hasOwn(object, field));
  const isEnvelope = Object.keys(object).every((field) => field === name || BESIDE.has(field));
  if (name === undefined || more.length > 0 || !isEnvelope) return [];
  const content = object[name];
  if (typeof content === 'string') return jsonIn(content);
  return typeof content === 'object' && content !== null ? [content] : [];
}

import { WebhookRejected } from '../domain/errors.ts';
import { asObject, type JsonObject } from '../values/json.ts';
import { parseJson } from '../values/parse-json.ts';
import type { Mapped } from './mapped.ts';
import type { Source } from './source.ts';

/** Fields that a body lies in when a broker or a workflow passes a webhook on. */
const CONTENTS = ['body', 'payload', 'json', 'data'] as const;
/** What such a tool adds beside it: an object with any other field is no envelope. */
const BESIDE = new Set([
  ...['_msgid', 'binary', 'executionMode', 'headers', 'method', 'pairedItem', 'params', 'path', 'query'],
  ...['req', 'res', 'statusCode', 'topic', 'url', 'webhookUrl'],
]);
/** A list in a list, JSON in a text in an event: nothing real is deeper. */
const MAX_LAYERS = 4;
/** Each is mapped; a broker collects some dozens. */
const MAX_ITEMS = 100;

type Records = Extract<Mapped, { kind: 'records' }>;

/**
 * Brokers and workflow tools pass webhooks on as a list, as JSON in a text, as the data of a CloudEvent or in a field
 * `body`. A payload that reports nothing as it is, is opened, and each item in it is mapped.
 */
export const openingEnvelopes = (source: Source): Source => ({
  ...source,
  map: (payload, webhook) => mapEnveloped(payload, (one) => source.map(one, webhook)),
});

/** @throws WebhookRejected of the payload as it is; of an item, if others report something: none may be lost */
function mapEnveloped(payload: unknown, map: (payload: unknown) => Mapped): Mapped {
  const asItIs = attempt(payload, map);
  if ('mapped' in asItIs && asItIs.mapped.kind === 'records') return asItIs.mapped;
  const found = itemsOf(payload, MAX_LAYERS).map((item) => attempt(item, map));
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

/** The innermost items, and none for a payload without an envelope. */
function itemsOf(payload: unknown, layers: number): readonly unknown[] {
  const inner = layers > 0 ? opened(payload) : [];
  const items = inner.flatMap((one) => {
    const deeper = itemsOf(one, layers - 1);
    return deeper.length > 0 ? deeper : [one];
  });
  return items.length > MAX_ITEMS ? [] : items;
}

/** One layer less. */
function opened(payload: unknown): readonly unknown[] {
  if (typeof payload === 'string') return jsonIn(payload);
  if (Array.isArray(payload)) return payload.length > MAX_ITEMS ? [] : payload;
  const object = asObject(payload);
  if (!object) return [];
  return isCloudEvent(object) ? eventIn(object) : contentsOf(object);
}

function jsonIn(text: string): readonly unknown[] {
  if (!/^\s{0,9}[{[]/.test(text)) return [];
  const parsed = parseJson(Buffer.from(text));
  return parsed.ok ? [parsed.value] : [];
}

const isCloudEvent = ({ specversion, type, source }: JsonObject): boolean =>
  typeof specversion === 'string' && typeof type === 'string' && typeof source === 'string';

/** Its data may be a text, and bytes in base64. */
function eventIn({ data, data_base64: bytes }: JsonObject): readonly unknown[] {
  if (typeof data === 'string') return jsonIn(data);
  if (typeof bytes === 'string') return jsonIn(Buffer.from(bytes, 'base64').toString());
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

/**
 * Reads OTLP in Protobuf by the numbers of its fields in opentelemetry/proto/{common,resource,logs,trace}/v1, into the
 * form that the same message has in JSON. Wire types: protobuf.dev/programming-guides/encoding.
 */
interface Field {
  readonly name: string;
  readonly as: 'text' | 'hex' | 'number' | 'nanos' | Message;
  readonly isList?: boolean;
}
type Message = () => Readonly<Record<number, Field>>;

const list = (name: string, as: Field['as']): Field => ({ name, as, isList: true });
const one = (name: string, as: Field['as']): Field => ({ name, as });

const anyValue: Message = () => ({ 1: one('stringValue', 'text'), 5: one('arrayValue', arrayValue) });
const arrayValue: Message = () => ({ 1: list('values', anyValue) });
const keyValue: Message = () => ({ 1: one('key', 'text'), 2: one('value', anyValue) });
const resource: Message = () => ({ 1: list('attributes', keyValue), 2: one('droppedAttributesCount', 'number') });
const scope: Message = () => ({ 1: one('name', 'text'), 2: one('version', 'text') });
const logRecord: Message = () => ({
  1: one('timeUnixNano', 'nanos'),
  2: one('severityNumber', 'number'),
  3: one('severityText', 'text'),
  5: one('body', anyValue),
  6: list('attributes', keyValue),
  7: one('droppedAttributesCount', 'number'),
  8: one('flags', 'number'),
  9: one('traceId', 'hex'),
  10: one('spanId', 'hex'),
  11: one('observedTimeUnixNano', 'nanos'),
  12: one('eventName', 'text'),
});
const span: Message = () => ({
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  5: one('name', 'text'),
  6: one('kind', 'number'),
  7: one('startTimeUnixNano', 'nanos'),
  8: one('endTimeUnixNano', 'nanos'),
  9: list('attributes', keyValue),
  10: one('droppedAttributesCount', 'number'),
  12: one('droppedEventsCount', 'number'),
  14: one('droppedLinksCount', 'number'),
  15: one('status', () => ({ 2: one('message', 'text'), 3: one('code', 'number') })),
  16: one('flags', 'number'),
});
const logs: Message = () => ({ 1: list('resourceLogs', resourceLogs) });
const resourceLogs: Message = () => ({ 1: one('resource', resource), 2: list('scopeLogs', scopeLogs) });
const scopeLogs: Message = () => ({ 1: one('scope', scope), 2: list('logRecords', logRecord) });
const traces: Message = () => ({ 1: list('resourceSpans', resourceSpans) });
const resourceSpans: Message = () => ({ 1: one('resource', resource), 2: list('scopeSpans', scopeSpans) });
const scopeSpans: Message = () => ({ 1: one('scope', scope), 2: list('spans', span) });

/** @throws Error at a field that is none of these, as a strict receiver would */
export const readLogs = (bytes: Buffer): unknown => read(bytes, logs);
export const readTraces = (bytes: Buffer): unknown => read(bytes, traces);

function read(bytes: Buffer, message: Message): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = message()[tag >>> 3];
    if (!field) throw new Error(`there is no field ${tag >>> 3} here`);
    const raw = [varint, () => take(8), () => take(varint()), undefined, undefined, () => take(4)][tag & 7]?.();
    const value = decoded(raw, field.as);
    if (field.isList) found[field.name] = [...((found[field.name] as unknown[] | undefined) ?? []), value];
    else found[field.name] = value;
  }
  return found;
}

function decoded(raw: Buffer | number | undefined, as: Field['as']): unknown {
  if (raw === undefined) throw new Error('a wire type that no OTLP message has');
  if (typeof raw === 'number') return raw;
  if (as === 'text') return raw.toString('utf8');
  if (as === 'hex') return raw.toString('hex');
  if (as === 'nanos') return String(raw.readBigUInt64LE());
  return as === 'number' ? raw.readUInt32LE() : read(raw, as);
}

/** A message with a number (field 1) and a text (field 2): google.rpc.Status, or the partial success of an answer. */
export function numberAndText(number: number, text: string): Buffer {
  const words = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x08, number, 0x12, words.length]), words]);
}

/** The answer of a receiver that took not all. */
export function partialSuccess(rejected: number, text: string): Buffer {
  const message = numberAndText(rejected, text);
  return Buffer.concat([Buffer.from([0x0a, message.length]), message]);
}

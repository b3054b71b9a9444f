import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeploymentView } from '../../../domain/view.ts';
import { createTextCoding } from '../../text-coding.ts';
import { lineageKey } from '../lineage.ts';

/** All fields of a deployment. */
export interface Fields {
  readonly view: string;
  /** One a line. */
  readonly indexes: string;
  /** JSON by id. */
  readonly records: Readonly<Record<string, string>>;
}

/** What one sink received of it. */
export interface PackedDelivery {
  readonly sink: string;
  readonly ledger: Readonly<Record<string, string>>;
  /** JSON, the newest first. */
  readonly attempts: readonly string[];
  /** Until when the destination's id leads to this deployment (epoch ms); absent: it leads to another. */
  readonly ownerUntilMs?: number;
  /** The forge has it from us: the echo entry of its id there (keys/deliveries.ts, echoOfId). */
  readonly echo?: string;
}

/** A deployment and all that is stored of it elsewhere. */
export interface Packed extends Fields {
  readonly name: string;
  /** Until when it is kept at least, if retention does not delete it before: epoch ms. */
  readonly untilMs: number;
  readonly firstOccurrence?: string;
  /** Those that lead to it. */
  readonly aliases: readonly string[];
  readonly deliveries: readonly PackedDelivery[];
}

/**
 * Text that deployments have in common, so that a packed one holds only what is its own. A dictionary never changes:
 * another one gets another number, and both stay readable.
 */
const DICTIONARY = readFileSync(new URL('./packing-dictionary-2.txt', import.meta.url));
const VERSION = 2;
/** The version; the length of the packed view, and of the view, three bytes each. */
const HEADER_BYTES = 7;

const coding = createTextCoding(DICTIONARY);

/**
 * The view comes first, and a page reads it alone: it is packed so that it is unpacked fast. The rest does not repeat
 * what the view holds.
 */
export function pack(packed: Packed): Buffer {
  const { view } = packed;
  const header = Buffer.alloc(HEADER_BYTES);
  const packedView = coding.pack(view);
  header.writeUInt8(VERSION, 0);
  header.writeUIntBE(packedView.length, 1, 3);
  header.writeUIntBE(Buffer.byteLength(view), 4, 3);
  const rest = linesOf(packed).join('\n');
  return Buffer.concat([
    header,
    packedView,
    deflateRawSync(rest, { level: 9, dictionary: dictionaryWith(DICTIONARY, view) }),
  ]);
}

/** Of the field `view`, or of a packed deployment. */
export function viewOf(bytes: Buffer): string {
  if (bytes[0] === VERSION)
    return coding.unpack(bytes.subarray(HEADER_BYTES, HEADER_BYTES + bytes.readUIntBE(1, 3)), bytes.readUIntBE(4, 3));
  return bytes[0] === FORMAT_2.version ? viewOfFormat2(bytes) : bytes.toString();
}

/** The same as was packed, to the byte. */
export function unpack(bytes: Buffer): Packed {
  const view = viewOf(bytes);
  const rest = bytes.subarray(HEADER_BYTES + bytes.readUIntBE(1, 3));
  return parseLines(
    view,
    inflateRawSync(rest, { dictionary: dictionaryWith(DICTIONARY, view) })
      .toString()
      .split('\n'),
  );
}

/** Shorter than JSON by the names. */
type Head = readonly [
  name: string,
  untilMs: number,
  indexes: number,
  records: number,
  firstOccurrence: string | null,
  aliases: readonly string[],
];
type DeliveryHead = readonly [
  sink: string,
  /** Relative to the time until which the deployment is kept: most differ by a few seconds. null: it is no owner. */
  ownerMsLater: number | null,
  /** 0: none. 1: there is one, which is all that an earlier release wrote. */
  echo: 0 | 1 | string,
  attempts: number,
  ledger: Readonly<Record<string, string>>,
];

/** JSON has no line breaks of its own. */
function linesOf({ view, name, untilMs, indexes, records, firstOccurrence, aliases, deliveries }: Packed): string[] {
  const place = lineageOf(view);
  const listed = indexes === '' ? [] : indexes.split('\n').map((index) => (index === place ? LINEAGE : index));
  const all = Object.entries(records);
  const head: Head = [name, untilMs, listed.length, all.length, firstOccurrence ?? null, aliases];
  const delivered = deliveries.flatMap(({ sink, ledger, attempts, ownerUntilMs, echo }) => {
    const ownerMsLater = ownerUntilMs === undefined ? null : ownerUntilMs - untilMs;
    const line: DeliveryHead = [sink, ownerMsLater, echo ?? 0, attempts.length, ledger];
    return [JSON.stringify(line), ...attempts];
  });
  const recorded = all.flatMap(([id, json]) => [isIdOf(id, json) ? '' : id, json]);
  return [JSON.stringify(head), ...listed, ...recorded, ...delivered];
}

/** The inverse of linesOf(). */
function parseLines(view: string, [first = '', ...lines]: readonly string[]): Packed {
  const [name, untilMs, indexes, count, firstOccurrence, aliases] = JSON.parse(first) as Head;
  const records: Record<string, string> = {};
  let at = indexes;
  for (; at < indexes + 2 * count; at += 2) {
    const json = lines[at + 1] ?? '';
    records[lines[at] || idOf(json)] = json;
  }
  const deliveries: PackedDelivery[] = [];
  while (at < lines.length) {
    const [sink, ownerMsLater, echo, attempts, ledger] = JSON.parse(lines[at] ?? '') as DeliveryHead;
    deliveries.push({
      ...{ sink, ledger, attempts: lines.slice(at + 1, at + 1 + attempts) },
      ...(ownerMsLater !== null && { ownerUntilMs: untilMs + ownerMsLater }),
      ...(echo && { echo: String(echo) }),
    });
    at += 1 + attempts;
  }
  return {
    ...{ view, name, untilMs, aliases, deliveries, records },
    indexes: lines
      .slice(0, indexes)
      .map((index) => (index === LINEAGE ? lineageOf(view) : index))
      .join('\n'),
    ...(firstOccurrence !== null && { firstOccurrence }),
  };
}

/** What the record itself holds need not be in the dictionary. */
const idOf = (json: string): string => /"id":"(chg_[0-9a-f]+)"/.exec(json)?.[1] ?? '';
const isIdOf = (id: string, json: string): boolean => id !== '' && idOf(json) === id;

/** Replaces its lineage among the indexes: no key is one letter. */
const LINEAGE = 'L';
const lineageOf = (view: string): string => lineageKey((JSON.parse(view) as DeploymentView).lineage);

/** zlib looks back 32 KiB: the view is last. */
const dictionaryWith = (dictionary: Buffer, view: string): Buffer =>
  Buffer.concat([dictionary, Buffer.from(view)]).subarray(-32_768);

/**
 * Storage format 2, which no release wrote, but bridges between two releases did: the fields of a deployment alone were
 * packed, and put into its hash. They are still read.
 */
const FORMAT_2 = {
  version: 1,
  headerBytes: 5,
  dictionary: readFileSync(new URL('./packing-dictionary-1.txt', import.meta.url)),
};

function viewOfFormat2(bytes: Buffer): string {
  const { headerBytes, dictionary } = FORMAT_2;
  return inflateRawSync(bytes.subarray(headerBytes, headerBytes + bytes.readUInt32BE(1)), { dictionary }).toString();
}

export function unpackFormat2(bytes: Buffer): Fields {
  const view = viewOfFormat2(bytes);
  const rest = bytes.subarray(FORMAT_2.headerBytes + bytes.readUInt32BE(1));
  const [count, ...lines] = inflateRawSync(rest, { dictionary: dictionaryWith(FORMAT_2.dictionary, view) })
    .toString()
    .split('\n');
  const first = Number(count);
  const records: Record<string, string> = {};
  for (let at = first; at + 1 < lines.length; at += 2) records[lines[at] ?? ''] = lines[at + 1] ?? '';
  return { view, indexes: lines.slice(0, first).join('\n'), records };
}

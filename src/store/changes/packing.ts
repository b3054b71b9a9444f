import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** All fields of a deployment. */
export interface Fields {
  readonly view: string;
  /** One a line. */
  readonly indexes: string;
  /** JSON by id. */
  readonly records: Readonly<Record<string, string>>;
}

/**
 * What deployments have in common, so that a packed one holds only what is its own. It never changes: another one gets
 * another number, and both stay readable.
 */
const DICTIONARY = readFileSync(new URL('./packing-dictionary-1.txt', import.meta.url));
const VERSION = 1;
const HEADER_BYTES = 5;

/**
 * A byte that says how, four with the length of the packed view, the view, and the rest, in which what the view says is
 * not said again. A page reads the view alone.
 */
export function packFields({ view, indexes, records }: Fields): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const packedView = deflateRawSync(view, { level: 9, dictionary: DICTIONARY });
  header.writeUInt8(VERSION, 0);
  header.writeUInt32BE(packedView.length, 1);
  const count = indexes === '' ? 0 : indexes.split('\n').length;
  const lines = [String(count), ...(count > 0 ? [indexes] : []), ...Object.entries(records).flat()];
  return Buffer.concat([header, packedView, deflateRawSync(lines.join('\n'), { level: 9, dictionary: known(view) })]);
}

/** Of the field `view` or of a packed one. */
export function viewOf(bytes: Buffer): string {
  if (bytes[0] !== VERSION) return bytes.toString();
  const end = HEADER_BYTES + bytes.readUInt32BE(1);
  return inflateRawSync(bytes.subarray(HEADER_BYTES, end), { dictionary: DICTIONARY }).toString();
}

/** The same fields as were packed, to the byte. JSON has no line breaks of its own. */
export function unpackFields(bytes: Buffer): Fields {
  const view = viewOf(bytes);
  const rest = bytes.subarray(HEADER_BYTES + bytes.readUInt32BE(1));
  const [count, ...lines] = inflateRawSync(rest, { dictionary: known(view) })
    .toString()
    .split('\n');
  const first = Number(count);
  const records: Record<string, string> = {};
  for (let at = first; at + 1 < lines.length; at += 2) records[lines[at] ?? ''] = lines[at + 1] ?? '';
  return { view, indexes: lines.slice(0, first).join('\n'), records };
}

/** zlib looks back 32 KiB: the view stands last. */
const known = (view: string): Buffer => Buffer.concat([DICTIONARY, Buffer.from(view)]).subarray(-32_768);

import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What a list shows of a webhook. */
export interface Head {
  /** JSON */
  readonly entry: string;
  /** JSON */
  readonly conclusion: string;
}

/** The fields of a webhook in its hash. */
export interface StoredWebhook extends Head {
  readonly body?: Buffer;
  /** Instead of `body`. */
  readonly deflated?: Buffer;
}

/**
 * Text that webhooks have in common: the names of the fields of the tools' payloads. A dictionary never changes:
 * another one gets another number, and both stay readable. A job's hook takes two thirds of what it takes with zlib
 * alone.
 */
export const DICTIONARY = readFileSync(new URL('./packing-dictionary-1.txt', import.meta.url));
const VERSION = 1;
/** The version, the kind of the body, and the length of the packed head. */
const HEADER_BYTES = 6;
const NO_BODY = 0;
const WITH_DICTIONARY = 1;
/** As it was packed when it was received. */
const WITHOUT = 2;
/** A larger one gains little from the dictionary, and would take milliseconds. */
export const PACKED_ANEW_BYTES = 8_192;

/** The head comes first: a list reads it alone. */
export function pack(id: string, stored: StoredWebhook): Buffer {
  const { conclusion } = stored;
  // It is the name of the key.
  const entry = stored.entry.startsWith(idOf(id)) ? idOf('') + stored.entry.slice(idOf(id).length) : stored.entry;
  const head = Buffer.from(`${entry}\n${conclusion}`);
  const packedHead = deflateRawSync(head, { level: 9, dictionary: DICTIONARY });
  const [kind, body] = packBody(stored, head);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt8(kind, 1);
  header.writeUInt32BE(packedHead.length, 2);
  return Buffer.concat([header, packedHead, body]);
}

function packBody({ body, deflated }: StoredWebhook, head: Buffer): readonly [kind: number, bytes: Buffer] {
  if (deflated && deflated.length > PACKED_ANEW_BYTES) return [WITHOUT, deflated];
  const whole = deflated ? inflateRawSync(deflated) : body;
  if (!whole) return [NO_BODY, Buffer.alloc(0)];
  return [WITH_DICTIONARY, deflateRawSync(whole, { level: 9, dictionary: dictionaryWith(head) })];
}

export function unpackHead(id: string, packed: Buffer): Head {
  const [entry = '', conclusion = ''] = headOf(packed).toString().split('\n');
  return {
    entry: entry.startsWith(idOf('')) ? idOf(id) + entry.slice(idOf('').length) : entry,
    conclusion,
  };
}

/** The same as was packed, except that a body that was deflated may be plain now. */
export function unpack(id: string, packed: Buffer): StoredWebhook {
  const head = unpackHead(id, packed);
  const bytes = packed.subarray(HEADER_BYTES + packed.readUInt32BE(2));
  if (packed[1] === NO_BODY) return head;
  if (packed[1] === WITHOUT) return { ...head, deflated: bytes };
  return { ...head, body: inflateRawSync(bytes, { dictionary: dictionaryWith(headOf(packed)) }) };
}

const headOf = (packed: Buffer): Buffer =>
  inflateRawSync(packed.subarray(HEADER_BYTES, HEADER_BYTES + packed.readUInt32BE(2)), { dictionary: DICTIONARY });

/** Keys of deployments and hosts occur in both. zlib looks back 32 KiB. */
export const dictionaryWith = (head: Buffer): Buffer => Buffer.concat([DICTIONARY, head]).subarray(-32_768);

const idOf = (id: string): string => `{"id":${JSON.stringify(id)}`;

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY, dictionaryWith, type Head, type StoredWebhook } from './packing.ts';

/** Webhooks that are packed together: what they have in common is stored once. */
export interface Block {
  readonly heads: ReadonlyMap<string, Head>;
  /** Of those that have one. They are unpacked when they are first asked for. */
  bodies(): ReadonlyMap<string, Buffer>;
}

export interface BlockMember extends Head {
  readonly id: string;
  /** As it was received. */
  readonly body?: Buffer;
}

const VERSION = 1;
/** The version, and the length of the packed heads. */
const HEADER_BYTES = 5;
const NO_BODY = -1;

/** Of each webhook its id and the length of its body: the first line of the heads. */
type Contents = readonly (readonly [id: string, bodyBytes: number])[];

/** The heads come first: a list reads them alone. */
export function packBlock(members: readonly BlockMember[]): Buffer {
  const contents: Contents = members.map(({ id, body }) => [id, body?.length ?? NO_BODY]);
  const lines = members.flatMap(({ entry, conclusion }) => [entry, conclusion]);
  const heads = Buffer.from([JSON.stringify(contents), ...lines].join('\n'));
  const bodies = Buffer.concat(members.flatMap(({ body }) => body ?? []));
  const packedHeads = deflateRawSync(heads, { level: 9, dictionary: DICTIONARY });
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt32BE(packedHeads.length, 1);
  return Buffer.concat([header, packedHeads, deflateRawSync(bodies, { level: 9, dictionary: dictionaryWith(heads) })]);
}

export function openBlock(packed: Buffer): Block {
  const bodiesAt = HEADER_BYTES + packed.readUInt32BE(1);
  const heads = inflateRawSync(packed.subarray(HEADER_BYTES, bodiesAt), { dictionary: DICTIONARY });
  const [first = '[]', ...lines] = heads.toString().split('\n');
  const contents = JSON.parse(first) as Contents; // written by packBlock() alone
  let known: ReadonlyMap<string, Buffer> | undefined;
  return {
    heads: new Map(
      contents.map(([id], at) => [id, { entry: lines[2 * at] ?? '', conclusion: lines[2 * at + 1] ?? '' }]),
    ),
    bodies() {
      known ??= bodiesOf(inflateRawSync(packed.subarray(bodiesAt), { dictionary: dictionaryWith(heads) }), contents);
      return known;
    },
  };
}

function bodiesOf(bytes: Buffer, contents: Contents): ReadonlyMap<string, Buffer> {
  const bodies = new Map<string, Buffer>();
  let from = 0;
  for (const [id, length] of contents) {
    if (length === NO_BODY) continue;
    bodies.set(id, bytes.subarray(from, from + length));
    from += length;
  }
  return bodies;
}

export function webhookIn(block: Block, id: string): StoredWebhook | undefined {
  const head = block.heads.get(id);
  const body = head && block.bodies().get(id);
  return head && { ...head, ...(body && { body }) };
}

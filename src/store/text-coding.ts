/**
 * A small LZ77 for short texts that resemble a dictionary. It packs nearly as tightly as deflate, and a page of fifty
 * is unpacked in a sixth of the time: zlib spends most of its time on getting ready. Packing is slow, and is done when
 * nobody waits.
 *
 * A byte says what follows:
 * 0x00 … 0x3f: so many bytes and one more, as they are;
 * 0x40 … 0x7f: so many bytes and one more, of two hexadecimal digits each (commits, ids and times are such);
 * 0x80 … 0xff: so many bytes and four more, as they stand at a distance before (two bytes, little-endian).
 */
const LEAST_COPIED = 4;
const MOST_COPIED = 127 + LEAST_COPIED;
const FARTHEST = 0xffff; // an offset has two bytes
/** These lengths share one byte with the kind of a run. */
const MOST_PLAIN = 64;
const MOST_HEX = 128;
/** A shorter run of digits saves nothing. */
const LEAST_HEX = 8;
/** How many positions are compared: a text that repeats one thing for ever costs no more than others. */
const COMPARED = 64;

const HEX = Buffer.from('0123456789abcdef');
const isHex = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);

/** The positions of each four bytes, the latest last. */
interface PositionIndex {
  readonly all: Buffer;
  readonly byStart: Map<number, number[]>;
}

function addPosition({ all, byStart }: PositionIndex, at: number): void {
  if (at + LEAST_COPIED > all.length) return;
  const start = all.readUInt32LE(at);
  const positions = byStart.get(start);
  if (positions) positions.push(at);
  else byStart.set(start, [at]);
}

/** The longest run before `at` that equals the text there. */
function findCopy({ all, byStart }: PositionIndex, at: number): { readonly length: number; readonly from: number } {
  let length = 0;
  let from = 0;
  if (at + LEAST_COPIED > all.length) return { length, from };
  const positions = byStart.get(all.readUInt32LE(at)) ?? [];
  const oldest = Math.max(0, positions.length - COMPARED);
  for (let next = positions.length - 1; next >= oldest; next--) {
    const other = positions[next] ?? 0;
    if (at - other > FARTHEST) break;
    let same = LEAST_COPIED;
    while (same < MOST_COPIED && at + same < all.length && all[other + same] === all[at + same]) same += 1;
    if (same > length) [length, from] = [same, other];
  }
  return { length, from };
}

const hexRun = (bytes: Buffer, from: number): number => {
  let end = from;
  while (end < bytes.length && end - from < MOST_HEX && isHex(bytes[end] ?? 0)) end += 1;
  return (end - from) & ~1;
};

/** Bytes that occur nowhere before. */
function writePlain(bytes: Buffer, out: number[]): void {
  for (let at = 0; at < bytes.length; ) {
    const digits = hexRun(bytes, at);
    if (digits >= LEAST_HEX) {
      out.push(0x40 | (digits / 2 - 1), ...Buffer.from(bytes.toString('latin1', at, at + digits), 'hex'));
      at += digits;
      continue;
    }
    let end = at + 1;
    while (end < bytes.length && end - at < MOST_PLAIN && hexRun(bytes, end) < LEAST_HEX) end += 1;
    out.push(end - at - 1, ...bytes.subarray(at, end));
    at = end;
  }
}

export interface TextCoding {
  pack(text: string): Buffer;
  /** @param length of the text, in bytes */
  unpack(packed: Buffer, length: number): string;
}

/** @param dictionary what the texts resemble; it must stay the same as long as anything is packed with it */
export function createTextCoding(dictionary: Buffer): TextCoding {
  let space = Buffer.concat([dictionary], dictionary.length + 16_384);
  const roomFor = (length: number) => {
    if (space.length < dictionary.length + length) space = Buffer.concat([dictionary], dictionary.length + length);
    return space;
  };
  return {
    pack(text) {
      const all = Buffer.concat([dictionary, Buffer.from(text)]);
      const index: PositionIndex = { all, byStart: new Map() };
      for (let at = 0; at < dictionary.length; at++) addPosition(index, at);
      const out: number[] = [];
      let plainFrom = dictionary.length;
      for (let at = dictionary.length; at < all.length; ) {
        const { length, from } = findCopy(index, at);
        addPosition(index, at);
        if (length < LEAST_COPIED || findCopy(index, at + 1).length > length + 1) {
          at += 1;
          continue;
        }
        writePlain(all.subarray(plainFrom, at), out);
        out.push(0x80 | (length - LEAST_COPIED), (at - from) & 0xff, (at - from) >> 8);
        for (let copied = 1; copied < length; copied++) addPosition(index, at + copied);
        at += length;
        plainFrom = at;
      }
      writePlain(all.subarray(plainFrom), out);
      return Buffer.from(out);
    },
    unpack(packed, length) {
      const bytes = roomFor(length);
      const end = unpackInto(bytes, dictionary.length, packed);
      return bytes.toString('utf8', dictionary.length, end);
    },
  };
}

/** One loop over bytes: it runs fifty times for each page. */
function unpackInto(bytes: Buffer, start: number, packed: Buffer): number {
  let to = start;
  for (let at = 0; at < packed.length; ) {
    const kind = packed[at++] ?? 0;
    if (kind >= 0x80) {
      let from = to - ((packed[at] ?? 0) | ((packed[at + 1] ?? 0) << 8));
      at += 2;
      for (let left = (kind & 0x7f) + LEAST_COPIED; left > 0; left--) bytes[to++] = bytes[from++] ?? 0;
    } else if (kind >= 0x40) {
      for (let left = (kind & 0x3f) + 1; left > 0; left--) {
        const both = packed[at++] ?? 0;
        bytes[to++] = HEX[both >> 4] ?? 0;
        bytes[to++] = HEX[both & 15] ?? 0;
      }
    } else {
      for (let left = kind + 1; left > 0; left--) bytes[to++] = packed[at++] ?? 0;
    }
  }
  return to;
}

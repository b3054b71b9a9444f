/** The parts of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) that a list of texts has. */
const SHORT_ARRAY = { mask: 0xf0, is: 0x90 };
const SHORT_TEXT = { mask: 0xe0, is: 0xa0 };
const ARRAY_16 = 0xdc;
const ARRAY_32 = 0xdd;
const TEXT_8 = 0xd9;
const TEXT_16 = 0xda;
const TEXT_32 = 0xdb;
const NIL = 0xc0;
const FALSE = 0xc2;

interface Head {
  /** Where the content begins. */
  readonly at: number;
  /** In entries or bytes. */
  readonly length: number;
}

/**
 * Says where each text of a list lies that a script packed with `cmsgpack.pack`; nil and false are passed over.
 * @throws Error for anything else
 */
export function eachText(packed: Buffer, found: (from: number, to: number) => void): void {
  const list = readArray(packed);
  let { at } = list;
  for (let left = list.length; left > 0; left--) {
    const type = packed[at];
    if (type === NIL || type === FALSE) {
      at += 1;
      continue;
    }
    const text = readText(packed, at);
    at = text.at + text.length;
    found(text.at, at);
  }
}

function readArray(packed: Buffer): Head {
  const type = packed.readUInt8(0);
  if ((type & SHORT_ARRAY.mask) === SHORT_ARRAY.is) return { at: 1, length: type & ~SHORT_ARRAY.mask };
  if (type === ARRAY_16) return { at: 3, length: packed.readUInt16BE(1) };
  if (type === ARRAY_32) return { at: 5, length: packed.readUInt32BE(1) };
  throw new Error(`Redis packed no list: type ${type}`);
}

function readText(packed: Buffer, at: number): Head {
  const type = packed.readUInt8(at);
  if ((type & SHORT_TEXT.mask) === SHORT_TEXT.is) return { at: at + 1, length: type & ~SHORT_TEXT.mask };
  if (type === TEXT_8) return { at: at + 2, length: packed.readUInt8(at + 1) };
  if (type === TEXT_16) return { at: at + 3, length: packed.readUInt16BE(at + 1) };
  if (type === TEXT_32) return { at: at + 5, length: packed.readUInt32BE(at + 1) };
  throw new Error(`Redis packed no text: type ${type}`);
}

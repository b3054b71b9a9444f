import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { createSemaphore } from '../values/semaphore.ts';
import { type BodyAllowance, createCollector, type Failed } from './body-collector.ts';

export type Unpack = (packed: Buffer, room: BodyAllowance) => Promise<Buffer | Failed>;

const DECODERS = new Map<string, (packed: Buffer) => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()], // RFC 9110: the same
  ['deflate', (packed) => (isZlib(packed) ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
]);

/**
 * Many senders leave out the header that RFC 9110, section 8.4.1.2, wants around deflate. It is two bytes that are a
 * multiple of 31, the first of which ends in 8 (RFC 1950); deflate data does not begin like that.
 */
const isZlib = (packed: Buffer): boolean =>
  packed.length >= 2 && ((packed[0] ?? 0) & 0x0f) === 8 && packed.readUInt16BE() % 31 === 0;

/** A decoder needs up to 16 MiB for its window, whatever it unpacks; more at once would not be faster. */
const AT_ONCE = 2;
const turns = { proved: createSemaphore(AT_ONCE), unproved: createSemaphore(AT_ONCE) };

/** Undefined: this Content-Encoding is not supported. */
export function unpackerOf(encoding: string, proved: boolean): Unpack | undefined {
  const decoder = DECODERS.get(encoding);
  const inTurn = proved ? turns.proved : turns.unproved;
  return decoder && ((packed, room) => inTurn(() => unpack(packed, decoder(packed), room)));
}

/** Chunk by chunk, so that a body that exceeds its limit is abandoned as soon as it does. */
function unpack(packed: Buffer, decoder: Transform, room: BodyAllowance): Promise<Buffer | Failed> {
  return new Promise((resolve) => {
    const collector = createCollector(room);
    const stop = (why: Failed) => {
      collector.drop();
      decoder.destroy();
      resolve(why);
    };
    room.share.onEvicted(() => stop('busy'));
    decoder.on('data', (piece: Buffer) => {
      const failed = collector.add(piece);
      if (failed) stop(failed);
    });
    decoder.on('end', () => resolve(collector.whole()));
    decoder.on('error', () => stop('unreadable'));
    decoder.end(packed);
  });
}

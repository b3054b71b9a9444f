import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { createSemaphore } from '../values/semaphore.ts';
import { type BodyAllowance, createCollector, type Failed } from './body-collector.ts';

export type Unpack = (packed: Buffer, room: BodyAllowance) => Promise<Buffer | Failed>;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip], // RFC 9110: the same
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** A decoder needs up to 16 MiB for its window, whatever it unpacks; more at once would not be faster. */
const AT_ONCE = 2;
const turns = { proved: createSemaphore(AT_ONCE), unproved: createSemaphore(AT_ONCE) };

/** Undefined: this Content-Encoding is not supported. */
export function unpackerOf(encoding: string, proved: boolean): Unpack | undefined {
  const decoder = DECODERS.get(encoding);
  const inTurn = proved ? turns.proved : turns.unproved;
  return decoder && ((packed, room) => inTurn(() => unpack(packed, decoder(), room)));
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

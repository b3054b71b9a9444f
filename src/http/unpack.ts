import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type BodyAllowance, createCollector, type Failed } from './body-collector.ts';

export type Unpack = (packed: Buffer, room: BodyAllowance) => Promise<Buffer | Failed>;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** A decoder needs up to 16 MiB for its window, whatever is unpacked; more at once would not be faster. */
const AT_ONCE = 2;
const turns = { proved: createSemaphore(AT_ONCE), unproved: createSemaphore(AT_ONCE) };

/** Undefined: nobody here knows this Content-Encoding. */
export function unpackerOf(encoding: string, proved: boolean): Unpack | undefined {
  const decoder = DECODERS.get(encoding);
  const inTurn = proved ? turns.proved : turns.unproved;
  return decoder && ((packed, room) => inTurn(() => unpack(packed, decoder(), room)));
}

/** So many run at once, the others in the order that they came. */
function createSemaphore(most: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(run: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Piece by piece, so that what unpacks to more than its limit is given up there. */
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

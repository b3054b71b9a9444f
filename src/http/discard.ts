import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How much of a refused body is read and discarded, so that a sender that writes first and reads later gets the answer.
 */
const MOST_BYTES = 8 * 1024 * 1024;
/** See `isFragmented`: a body of 25 MiB comes in fewer chunks of usual size. */
const MOST_PIECES = 4_096;
const SMALLEST_MEAN_BYTES = 32;
/** The most chunks that are read of a body that is refused already. */
const MOST_DISCARDED_PIECES = 256;
/** A connection whose body has not ended so long after the answer is closed. */
const CUT_AFTER_MS = 2_000;

/** For chunks of a byte each: each costs as much as a kilobyte, and no regular sender makes them. */
export const isFragmented = (pieces: number, bytes: number, most = MOST_PIECES): boolean =>
  pieces > most && bytes < pieces * SMALLEST_MEAN_BYTES;

/** The connection can be reused when the body ends soon; otherwise it is closed. */
export function discardBody(request: IncomingMessage): void {
  if (request.complete) return;
  let bytes = 0;
  let pieces = 0;
  request.on('error', () => {});
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    pieces += 1;
    if (isFragmented(pieces, bytes, MOST_DISCARDED_PIECES)) stopReading(request.socket);
    else if (bytes > MOST_BYTES) request.destroy();
  });
  request.resume();
  cutUnlessComplete(request);
}

/**
 * For a request that was answered while its body was still coming: Node itself would read and discard it for too long.
 */
export function cutUnlessComplete(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.complete || request.destroy(), CUT_AFTER_MS);
  request.once('close', () => clearTimeout(timer));
}

/**
 * Stops reading a connection. It is not closed yet: a sender whose connection is closed reconnects at once, and one
 * network packet in chunks of a byte takes the parser ten milliseconds.
 */
function stopReading(socket: Socket): void {
  socket.pause();
  socket.resume = () => socket; // Node would read on when the answer is sent
}

import type { IncomingMessage } from 'node:http';
import type { BodyShare } from './body-budget.ts';
import { type BodyAllowance, createCollector, type Failed } from './body-collector.ts';
import { discardBody } from './discard.ts';
import { unpackerOf } from './unpack.ts';

/**
 * Undefined: the sender closed the connection. Unreadable: its Content-Encoding is unknown, or does not match the
 * bytes. Busy: the budget of bodies has no room at the moment.
 */
export type Body = Buffer | Failed | undefined;

export interface BodyOrder {
  /** Bytes, unpacked. */
  readonly limit: number;
  /** The headers alone have authenticated the sender. */
  readonly proved: boolean;
  /** Released by the caller, when the request is answered. */
  readonly share: BodyShare;
}

/** JSON compresses 10 to 30 times: an unauthenticated sender must not turn a few bytes into megabytes. */
const UNPROVED_RATIO = 100;
/** This much is unpacked whatever the ratio: a short body may repeat itself. */
const ALWAYS_UNPACKED_BYTES = 256 * 1024;

/** What scripts write for the encoding of the text, or for none. */
const PLAIN = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);

/**
 * Reads the bytes, and unpacks them when all are there: a small body that claims a large size costs nothing until then.
 */
export async function readBody(request: IncomingMessage, order: BodyOrder): Promise<Body> {
  const body = await readWhole(request, order);
  order.share.settle();
  if (typeof body === 'string') discardBody(request);
  return body;
}

async function readWhole(request: IncomingMessage, order: BodyOrder): Promise<Body> {
  const { limit, proved, share } = order;
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  const unpack = unpackerOf(encoding, proved);
  if (!unpack && !PLAIN.has(encoding)) return 'unreadable';
  const announced = request.headers['content-length'];
  if (Number(announced) > limit) return 'too_large';
  const expected = announced === undefined ? undefined : Number(announced);
  const sent = await readSent(request, { limit, share, ...(expected !== undefined && { expected }) });
  if (!unpack || !Buffer.isBuffer(sent)) return sent;
  const longest = proved ? limit : Math.min(limit, Math.max(ALWAYS_UNPACKED_BYTES, sent.length * UNPROVED_RATIO));
  return unpack(sent, { limit: longest, share });
}

/** Webhooks come by the hundred, and plain: this costs a third of what a body parser does. */
function readSent(request: IncomingMessage, room: BodyAllowance): Body | Promise<Body> {
  const { expected = 0 } = room;
  // Most bodies come in one packet with their headers, and need no events.
  if (expected > 0 && request.readableLength === expected)
    return room.share.take(expected) ? (request.read() as Buffer) : 'busy'; // all that is there, in one buffer
  return new Promise((resolve) => {
    const collector = createCollector(room);
    const stop = (why: Body) => {
      request.off('data', take);
      request.pause();
      collector.drop();
      resolve(why);
    };
    const take = (piece: Buffer) => {
      const failed = collector.add(piece);
      if (failed) stop(failed);
    };
    room.share.onEvicted(() => stop('busy'));
    request.on('data', take);
    request.on('end', () => resolve(collector.whole()));
    request.on('error', () => stop(undefined));
    request.on('close', () => resolve(undefined)); // aborted: a complete body has ended before
    if (request.destroyed) resolve(undefined);
  });
}

import type { BodyShare } from './body-budget.ts';
import { isFragmented } from './discard.ts';

/** Why a body was not read to its end. */
export type Failed = 'too_large' | 'unreadable' | 'busy';

/** Most bodies fit into it without being copied. */
const SMALLEST_ROOM_BYTES = 4 * 1024;

export interface BodyAllowance {
  readonly limit: number;
  readonly share: BodyShare;
  /** Bytes that the sender announced. Not trusted: it only limits the growth. */
  readonly expected?: number;
}

/** One buffer that grows, however small the chunks are: each chunk by itself would cost many times its bytes. */
export function createCollector({ limit, share, expected = limit }: BodyAllowance) {
  let room: Buffer = Buffer.alloc(0);
  let length = 0;
  let pieces = 0;
  const grow = (needed: number): boolean => {
    const wanted = Math.max(needed, Math.min(expected, Math.max(room.length * 2, SMALLEST_ROOM_BYTES)));
    if (!share.take(wanted - room.length)) return false;
    const grown = Buffer.allocUnsafeSlow(wanted);
    room.copy(grown, 0, 0, length);
    room = grown;
    return true;
  };
  return {
    add(piece: Buffer): Failed | undefined {
      pieces += 1;
      if (isFragmented(pieces, length)) return 'unreadable';
      const needed = length + piece.length;
      if (needed > limit) return 'too_large';
      if (length === 0 && piece.length === expected) {
        if (!share.take(needed)) return 'busy';
        room = piece; // most webhooks come in one chunk, which needs no copy
      } else {
        if (needed > room.length && !grow(needed)) return 'busy';
        piece.copy(room, length);
      }
      length = needed;
      return undefined;
    },
    whole: () => room.subarray(0, length),
    drop() {
      room = Buffer.alloc(0);
    },
  };
}

import { createByteQueue } from './byte-queue.ts';

/**
 * Redis writes to its file within two seconds when its disk is busy, and to the disk within another; a replica has a
 * write later still. A write that was acknowledged longer ago than this is safe.
 */
const SETTLED_AFTER_MS = 5_000;
/** Under more load than this buffer holds, the oldest writes depend on Redis alone. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface RecentlyKept {
  /** Redis has just acknowledged this webhook: its records and its body. */
  add(json: string, body: Buffer): void;
  /**
   * Checks whether the same server still answers. Another one may have lost the last writes (a crash, a failover): what
   * was acknowledged last is written to it once more.
   * @throws Error while Redis is away
   */
  check(): Promise<void>;
}

/**
 * Keeps what the durability level `redis` would lose with the server: the last seconds, for as long as they may be
 * lost.
 */
export function createRecentlyKept(parts: {
  readonly serverId: () => Promise<string>;
  /** Writes it to Redis again. Running it twice changes nothing. */
  readonly keepAgain: (json: string, body: Buffer) => Promise<void>;
  readonly clock: () => Date;
}): RecentlyKept {
  const recent = createByteQueue(MAX_BYTES);
  let knownServerId: string | undefined;
  let checking: Promise<void> | undefined;
  const now = () => parts.clock().getTime();
  const check = async () => {
    const startedMs = now();
    const id = await parts.serverId().catch((error: unknown) => {
      if (!recent.isEmpty()) knownServerId ??= 'one that cannot be asked any more';
      throw error;
    });
    if (knownServerId !== undefined && knownServerId !== id)
      await Promise.all(recent.all().map(({ text, bytes }) => parts.keepAgain(text, bytes)));
    knownServerId = id; // when the server has all of it
    recent.dropUntil(startedMs - SETTLED_AFTER_MS);
  };
  const look = () => {
    checking ??= check().finally(() => {
      checking = undefined;
    });
    return checking;
  };
  return {
    add(json, body) {
      if (knownServerId === undefined) void look().catch(() => {}); // checked again within a second
      recent.add(json, body, now());
    },
    check: look,
  };
}

/**
 * Redis writes to its file within two seconds when its disk is busy, and to the disk within another; a replica has a
 * write later still. What it acknowledged longer ago than this is safe.
 */
const SETTLED_AFTER_MS = 5_000;
/** Under more load than this holds, the oldest are left to Redis alone. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface RecentlyKept<Item> {
  /** Redis has just acknowledged it. */
  add(item: Item, bytes: number): void;
  /**
   * Looks whether the same server still answers. Another one may have forgotten the last writes of the one before (a
   * crash, a failover): it is given what was acknowledged last once more. @throws Error while Redis is away
   */
  check(): Promise<void>;
}

/** What the durability level `redis` would lose with the server: the last seconds, for as long as they may be lost. */
export function createRecentlyKept<Item>(parts: {
  readonly serverId: () => Promise<string>;
  /** Gives it to Redis again. Done twice it changes nothing. */
  readonly keepAgain: (item: Item) => Promise<void>;
  readonly clock: () => Date;
}): RecentlyKept<Item> {
  let recent: { readonly item: Item; readonly bytes: number; readonly atMs: number }[] = [];
  let bytesHeld = 0;
  let knownServerId: string | undefined;
  let checking: Promise<void> | undefined;
  const now = () => parts.clock().getTime();
  const keepOnly = (from: number) => {
    for (const { bytes } of recent.slice(0, from)) bytesHeld -= bytes;
    recent = recent.slice(from);
  };
  const check = async () => {
    const startedMs = now();
    const id = await parts.serverId().catch((error: unknown) => {
      if (recent.length > 0) knownServerId ??= 'one that cannot be asked any more';
      throw error;
    });
    if (knownServerId !== undefined && knownServerId !== id)
      await Promise.all(recent.map(({ item }) => parts.keepAgain(item)));
    knownServerId = id; // when the server has all of it
    const unsettled = recent.findIndex(({ atMs }) => atMs > startedMs - SETTLED_AFTER_MS);
    keepOnly(unsettled === -1 ? recent.length : unsettled);
  };
  const look = () => {
    checking ??= check().finally(() => {
      checking = undefined;
    });
    return checking;
  };
  return {
    add(item, bytes) {
      if (knownServerId === undefined) void look().catch(() => {}); // looked at again within a second
      recent.push({ item, bytes, atMs: now() });
      bytesHeld += bytes;
      if (bytesHeld > MAX_BYTES) keepOnly(Math.ceil(recent.length / 8)); // rarely, and then many
    },
    check: look,
  };
}

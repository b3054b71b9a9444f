interface Entry {
  readonly start: number;
  readonly textBytes: number;
  readonly bytes: number;
  readonly atMs: number;
}

export interface ByteQueue {
  /** The oldest entries make room for a new one. An entry that is larger than the whole queue is left out. */
  add(text: string, bytes: Buffer, atMs: number): void;
  /** Copies, the oldest first. */
  all(): readonly { readonly text: string; readonly bytes: Buffer }[];
  isEmpty(): boolean;
  dropUntil(atMs: number): void;
}

/**
 * Texts and bytes in one piece of memory outside the heap: thousands of strings that live for seconds would cost the
 * garbage collector a fifth of what receiving a webhook costs.
 */
export function createByteQueue(capacity: number): ByteQueue {
  const entries: Entry[] = [];
  let room: Buffer | undefined;
  /** Where the next entry begins. Entries from here on are of the round before. */
  let end = 0;

  const dropWhile = (isInTheWay: (start: number) => boolean) => {
    for (let [oldest] = entries; oldest && isInTheWay(oldest.start); [oldest] = entries) entries.shift();
  };
  const makeRoom = (length: number) => {
    if (end + length > capacity) {
      dropWhile((start) => start >= end);
      end = 0;
    }
    dropWhile((start) => start >= end && start < end + length);
  };
  return {
    add(text, bytes, atMs) {
      const textBytes = Buffer.byteLength(text);
      const length = textBytes + bytes.length;
      if (length > capacity) return;
      room ??= Buffer.allocUnsafeSlow(capacity);
      makeRoom(length);
      room.write(text, end);
      bytes.copy(room, end + textBytes);
      entries.push({ start: end, textBytes, bytes: bytes.length, atMs });
      end += length;
    },
    all: () =>
      entries.map(({ start, textBytes, bytes }) => {
        const copy = Buffer.from(room?.subarray(start, start + textBytes + bytes) ?? []);
        return { text: copy.toString('utf8', 0, textBytes), bytes: copy.subarray(textBytes) };
      }),
    isEmpty: () => entries.length === 0,
    dropUntil(atMs) {
      while (entries[0] && entries[0].atMs <= atMs) entries.shift();
      if (entries.length === 0) end = 0; // few webhooks then touch little of the memory
    },
  };
}

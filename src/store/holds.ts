import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keys } from './keys.ts';

/** Why a whole sink is on hold, and until when. */
export interface StoredHold {
  readonly why: string;
  readonly until: Date;
}

const Entry = z.object({ why: z.string(), until: z.iso.datetime() });

/** The holds of all sinks, for every replica and for the next start; with another key, their failures. */
export function createHolds(redis: Redis, keyOf: (sink: string) => string = keys.hold) {
  return {
    async read(sinks: readonly string[]): Promise<ReadonlyMap<string, StoredHold>> {
      const texts = sinks.length === 0 ? [] : await redis.mget(...sinks.map((sink) => keyOf(sink)));
      return new Map(
        sinks.flatMap((sink, at) => {
          const parsed = Entry.safeParse(JSON.parse(texts[at] ?? 'null')); // a newer release may write something else
          return parsed.success ? [[sink, { ...parsed.data, until: new Date(parsed.data.until) }] as const] : [];
        }),
      );
    },
    /** Until its time has passed, or the next delivery. */
    async begin(sink: string, { why, until }: StoredHold, now: Date): Promise<void> {
      const forMs = until.getTime() - now.getTime();
      if (forMs > 0) await redis.set(keyOf(sink), JSON.stringify({ why, until: until.toISOString() }), 'PX', forMs);
    },
    async end(sink: string): Promise<void> {
      await redis.del(keyOf(sink));
    },
  };
}

export type Holds = ReturnType<typeof createHolds>;

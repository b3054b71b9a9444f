import type { Redis } from 'ioredis';
import type { Attempt } from './deliveries/attempt.ts';
import { keys } from './keys.ts';
import { parseStored } from './stored.ts';

/** An event, in the order in which it was written to Redis. */
export type FeedEvent =
  | { readonly position: string; readonly kind: 'webhook'; readonly webhook: string }
  | {
      readonly position: string;
      readonly kind: 'delivery';
      readonly sink: string;
      readonly deployment: string;
      readonly attempt: Attempt;
    };

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Where the next page begins. */
  readonly next: string;
  /** Events between the requested position and the oldest that is kept may be lost. */
  readonly gap: boolean;
}

/**
 * Webhooks and deliveries as they happen: each once, none missed, for a client that continues from its last position.
 */
export interface Feed {
  after(position: string, limit: number): Promise<FeedPage>;
  /** The newest, oldest first; with a limit of 0 only the position from which to continue. */
  newest(limit: number): Promise<FeedPage>;
}

/** About 300 bytes each. */
export const FEED_KEPT = 10_000;

const BEGINNING = '0-0';

/**
 * The feed is a Redis stream: its ids only grow, whatever the clocks show, so that a late webhook from the spool is a
 * new event as well.
 */
export function createFeed(redis: Redis): Feed {
  return {
    async after(position, limit) {
      const [oldest, entries] = await Promise.all([
        redis.xrange(keys.feed(), '-', '+', 'COUNT', 1),
        redis.xrange(keys.feed(), `(${position}`, '+', 'COUNT', limit),
      ]);
      const first = oldest[0]?.[0];
      const gap = position !== BEGINNING && first !== undefined && isBefore(position, first);
      return { events: entries.flatMap(toEvent), next: entries.at(-1)?.[0] ?? position, gap };
    },
    async newest(limit) {
      const entries = await redis.xrevrange(keys.feed(), '+', '-', 'COUNT', Math.max(1, limit));
      const next = entries[0]?.[0] ?? BEGINNING;
      return { events: entries.slice(0, limit).reverse().flatMap(toEvent), next, gap: false };
    },
  };
}

/** Ids are `<milliseconds>-<number>`. */
function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number);
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number);
  return aMs < bMs || (aMs === bMs && aNumber < bNumber);
}

/** Written by the inbox and the ledger alone. */
function toEvent([position, pairs]: [id: string, fields: string[]]): FeedEvent[] {
  const fields: Record<string, string | undefined> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) fields[pairs[at] ?? ''] = pairs[at + 1];
  const { webhook, sink, deployment, attempt } = fields;
  if (webhook) return [{ position, kind: 'webhook', webhook }];
  if (!sink || !deployment || !attempt) return [];
  return [{ position, kind: 'delivery', sink, deployment, attempt: parseStored(attempt) as Attempt }];
}

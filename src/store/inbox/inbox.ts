import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { inBatches } from '../batch.ts';
import { FEED_KEPT } from '../feed.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import type { InboxEntry } from './entry.ts';
import { type InboxSearch, type SearchPage, type SearchResult, searchInbox } from './search.ts';

/** The inbound log. Bodies are kept only of authentic webhooks. */
export interface Inbox {
  /** Resolves when it is in Redis. */
  add(entry: InboxEntry, body?: Buffer): Promise<void>;
  /** What the worker found out later. */
  conclude(
    id: string,
    conclusion: Pick<InboxEntry, 'verdict' | 'reason' | 'detail'> & Partial<Pick<InboxEntry, 'deployments'>>,
  ): Promise<void>;
  get(id: string): Promise<(InboxEntry & { body?: string }) | undefined>;
  /** Without their bodies. */
  entries(ids: readonly string[]): Promise<readonly (InboxEntry | undefined)[]>;
  /** Newest first, from the newest or from further back (inbox-search.ts). */
  search(wanted: InboxSearch, page: SearchPage): Promise<SearchResult>;
  list(page: { limit: number; offset: number }): Promise<{ entries: readonly InboxEntry[]; total: number }>;
  prune(): Promise<void>;
}

/** Smaller ones cost more time than they save. */
const DEFLATE_ABOVE_BYTES = 4096;
/** A small window: four times as fast as zlib's own choice, for bodies of this kind as tight. */
const DEFLATE = { level: 3, windowBits: 13, memLevel: 5 };

const addWebhooks = createScript('add-webhooks');
const concludeWebhook = createScript('conclude-webhook');
/** More would hold Redis up. */
const MAX_ADDED = 50;

export function createInbox(redis: Redis, keep: { days: number; count: number }): Inbox {
  const ttlSeconds = Math.ceil(keep.days * 86_400);
  const addSoon = inBatches<readonly (string | number | Buffer)[]>(async (all) => {
    const webhooks = all.map(([id]) => keys.webhook(String(id)));
    await addWebhooks(redis, [keys.inbox(), keys.feed(), ...webhooks], ttlSeconds, FEED_KEPT, ...all.flat());
  }, MAX_ADDED);
  return {
    async add({ verdict, reason, detail, ...entry }, body) {
      const conclusion = toJson({ verdict, reason, detail });
      const stored = body ? packBody(body) : NO_BODY;
      await addSoon([entry.id, JSON.stringify(entry), conclusion, Date.parse(entry.receivedAt), ...stored]);
    },
    async conclude(id, conclusion) {
      await concludeWebhook(redis, [keys.webhook(id)], toJson(conclusion), ttlSeconds);
    },
    async get(id) {
      const stored = await redis.hgetallBuffer(keys.webhook(id));
      const entry = unpack(stored['entry']?.toString(), stored['conclusion']?.toString());
      const body = unpackBody(stored);
      return entry && { ...entry, ...(body !== undefined && { body }) };
    },
    entries: (ids) => readEntries(redis, ids),
    search: (wanted, page) =>
      searchInbox(wanted, page, {
        list: (offset, limit) => list(redis, { offset, limit }),
        body: async (id) => unpackBody(await redis.hgetallBuffer(keys.webhook(id))),
      }),
    list: (page) => list(redis, page),
    async prune() {
      const surplus = (await redis.zcard(keys.inbox())) - keep.count;
      const ids = surplus > 0 ? await redis.zrange(keys.inbox(), '0', String(surplus - 1)) : [];
      if (ids.length)
        await redis
          .multi()
          .unlink(ids.map((id) => keys.webhook(id)))
          .zrem(keys.inbox(), ids)
          .exec();
      await redis.zremrangebyscore(keys.inbox(), '-inf', Date.now() - ttlSeconds * 1000);
    },
  };
}

async function list(redis: Redis, { limit, offset }: { limit: number; offset: number }) {
  const [total, ids] = await Promise.all([
    redis.zcard(keys.inbox()),
    redis.zrevrange(keys.inbox(), offset, offset + limit - 1),
  ]);
  return { total, entries: (await readEntries(redis, ids)).filter((entry) => entry !== undefined) };
}

async function readEntries(redis: Redis, ids: readonly string[]): Promise<(InboxEntry | undefined)[]> {
  const stored = await Promise.all(ids.map((id) => redis.hmget(keys.webhook(id), 'entry', 'conclusion')));
  return stored.map(([entry, conclusion]) => unpack(entry, conclusion));
}

const NO_BODY = ['', ''] as const;

/** Beside the event loop it would cost more: handing it over takes twice as long as packing a body of 12 kB. */
function packBody(body: Buffer): readonly [field: string, bytes: Buffer] {
  return body.length > DEFLATE_ABOVE_BYTES ? ['deflated', deflateRawSync(body, DEFLATE)] : ['body', body];
}

function unpackBody(stored: Record<string, Buffer>): string | undefined {
  const bytes = stored['deflated'] ? inflateRawSync(stored['deflated']) : stored['body'];
  return bytes?.toString('utf8');
}

/** Both parts were written by us, as JSON of the two halves of InboxEntry. */
function unpack(entry: string | null | undefined, conclusion: string | null | undefined): InboxEntry | undefined {
  return entry && conclusion ? ({ ...JSON.parse(entry), ...JSON.parse(conclusion) } as InboxEntry) : undefined;
}

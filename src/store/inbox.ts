import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { FEED, FEED_KEPT } from './feed.ts';
import { type InboxSearch, type SearchPage, type SearchResult, searchInbox } from './inbox-search.ts';
import { toJson } from './json.ts';
import { key } from './keys.ts';
import { createScript } from './script.ts';

export type Verdict = 'accepted' | 'recorded' | 'duplicate' | 'ignored' | 'rejected';

/** One webhook and what became of it. */
export interface InboxEntry {
  readonly id: string;
  readonly receivedAt: string;
  /** The configured source's name. */
  readonly source: string;
  readonly method: string;
  readonly path: string;
  /** By allow-list: no secret ever stands in one of these. */
  readonly headers: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly detail?: string;
  readonly deployments: readonly string[];
  readonly bytes: number;
  /** It waited on disk until Redis was back. */
  readonly spooled?: true;
}

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

/** Writes all fields, but a verdict only where none stands yet: the worker may have concluded before we wrote. */
const ADD = createScript(`
redis.call('HSETNX', KEYS[1], 'conclusion', ARGV[3])
redis.call('HSET', KEYS[1], 'entry', ARGV[2], unpack(ARGV, 7))
redis.call('EXPIRE', KEYS[1], ARGV[4])
local isNew = redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
if isNew == 1 then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], '*', 'webhook', ARGV[1]) end
return isNew`);

/** A second run finds what the first one recorded: that is no duplicate of another webhook. */
const CONCLUDE = createScript(`
local known = redis.call('HGET', KEYS[1], 'conclusion')
local conclusion = cjson.decode(ARGV[1])
if conclusion.verdict == 'duplicate' and known and cjson.decode(known).verdict == 'recorded' then
  conclusion.verdict = 'recorded'
  conclusion.detail = string.match(conclusion.detail or '', 'not complete: .*')
end
redis.call('HSET', KEYS[1], 'conclusion', cjson.encode(conclusion))
return redis.call('EXPIRE', KEYS[1], ARGV[2])`);

export function createInbox(redis: Redis, keep: { days: number; count: number }): Inbox {
  const ttlSeconds = Math.ceil(keep.days * 86_400);
  return {
    async add({ verdict, reason, detail, ...entry }, body) {
      const conclusion = toJson({ verdict, reason, detail });
      const receivedMs = String(Date.parse(entry.receivedAt));
      const stored = body ? packBody(body) : [];
      await ADD(
        redis,
        [key('inbox', entry.id), key('inbox'), FEED],
        entry.id,
        JSON.stringify(entry),
        conclusion,
        ttlSeconds,
        receivedMs,
        FEED_KEPT,
        ...stored,
      );
    },
    async conclude(id, conclusion) {
      await CONCLUDE(redis, [key('inbox', id)], toJson(conclusion), ttlSeconds);
    },
    async get(id) {
      const stored = await redis.hgetallBuffer(key('inbox', id));
      const entry = unpack(stored['entry']?.toString(), stored['conclusion']?.toString());
      const body = unpackBody(stored);
      return entry && { ...entry, ...(body !== undefined && { body }) };
    },
    entries: (ids) => readEntries(redis, ids),
    search: (wanted, page) =>
      searchInbox(wanted, page, {
        list: (offset, limit) => list(redis, { offset, limit }),
        body: async (id) => unpackBody(await redis.hgetallBuffer(key('inbox', id))),
      }),
    list: (page) => list(redis, page),
    async prune() {
      const surplus = (await redis.zcard(key('inbox'))) - keep.count;
      const ids = surplus > 0 ? await redis.zrange(key('inbox'), '0', String(surplus - 1)) : [];
      if (ids.length)
        await redis
          .multi()
          .unlink(ids.map((id) => key('inbox', id)))
          .zrem(key('inbox'), ids)
          .exec();
      await redis.zremrangebyscore(key('inbox'), '-inf', Date.now() - ttlSeconds * 1000);
    },
  };
}

async function list(redis: Redis, { limit, offset }: { limit: number; offset: number }) {
  const [total, ids] = await Promise.all([
    redis.zcard(key('inbox')),
    redis.zrevrange(key('inbox'), offset, offset + limit - 1),
  ]);
  return { total, entries: (await readEntries(redis, ids)).filter((entry) => entry !== undefined) };
}

async function readEntries(redis: Redis, ids: readonly string[]): Promise<(InboxEntry | undefined)[]> {
  const stored = await Promise.all(ids.map((id) => redis.hmget(key('inbox', id), 'entry', 'conclusion')));
  return stored.map(([entry, conclusion]) => unpack(entry, conclusion));
}

function packBody(body: Buffer): (string | Buffer)[] {
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

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { byTurn } from './by-turn.ts';
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

/**
 * Writes all fields, but a verdict only where none stands yet: the worker may have concluded before we wrote.
 * KEYS: inbox, feed; ARGV: prefix of an entry's key, seconds it is kept, events kept; of each entry its id, itself, its
 * conclusion, when it came, name and bytes of its body's field or nothing.
 */
const ADD = createScript(`
for i = 4, #ARGV, 6 do
  local id, entry = ARGV[i], ARGV[1] .. ARGV[i]
  redis.call('HSETNX', entry, 'conclusion', ARGV[i + 2])
  redis.call('HSET', entry, 'entry', ARGV[i + 1])
  if ARGV[i + 4] ~= '' then redis.call('HSET', entry, ARGV[i + 4], ARGV[i + 5]) end
  redis.call('EXPIRE', entry, ARGV[2])
  local isNew = redis.call('ZADD', KEYS[1], ARGV[i + 3], id)
  if isNew == 1 then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'webhook', id) end
end`);
/** More would hold Redis up. */
const MAX_ADDED = 50;

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
  const addSoon = byTurn<readonly (string | number | Buffer)[]>(async (all) => {
    await ADD(redis, [key('inbox'), FEED], key('inbox', ''), ttlSeconds, FEED_KEPT, ...all.flat());
  }, MAX_ADDED);
  return {
    async add({ verdict, reason, detail, ...entry }, body) {
      const conclusion = toJson({ verdict, reason, detail });
      const stored = body ? packBody(body) : NO_BODY;
      await addSoon([entry.id, JSON.stringify(entry), conclusion, Date.parse(entry.receivedAt), ...stored]);
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

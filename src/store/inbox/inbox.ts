import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { redactBody } from '../../values/redact.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { inBatches } from '../batch.ts';
import { FEED_KEPT } from '../feed.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { parseStored } from '../stored.ts';
import { nowOf } from '../time.ts';
import { createBlocks } from './blocks.ts';
import type { InboxEntry, Refusal } from './entry.ts';
import { pruneHours, readHours, type SourceHours } from './hours.ts';
import type { Head, StoredWebhook } from './packing.ts';
import { createRefusals, isRefusalId, pairs, type Refusals } from './refusals.ts';
import { type InboxRetention, pruneInbox } from './retention.ts';
import { type InboxSearch, type SearchPage, type SearchResult, searchInbox } from './search.ts';
import { readHeads, readStored, unpackWebhook, type WebhookStore } from './stored-webhook.ts';
import { type WrittenEntry, writtenEntry } from './written-entry.ts';

/** The inbox. Bodies are kept only of authentic webhooks. */
export interface Inbox {
  /**
   * Resolves when it is in Redis.
   * @param written the entry as JSON, where it is written already
   */
  add(entry: InboxEntry, body?: Buffer, written?: WrittenEntry): Promise<void>;
  /** Notes an unauthenticated request. Thousands of them displace no authentic webhook (refusals.ts). */
  addRefusal(refusal: Refusal): Promise<void>;
  /** The later verdict of the worker. */
  conclude(
    id: string,
    conclusion: Pick<InboxEntry, 'verdict' | 'reason' | 'detail'> & Partial<Pick<InboxEntry, 'deployments' | 'alerts'>>,
  ): Promise<void>;
  get(id: string): Promise<(InboxEntry & { body?: string }) | undefined>;
  /** Without their bodies. */
  entries(ids: readonly string[]): Promise<readonly (InboxEntry | undefined)[]>;
  /** Newest first, from the newest or from further back (search.ts), refusals among them. */
  search(wanted: InboxSearch, page: SearchPage): Promise<SearchResult>;
  /** Newest first, with refusals unless only `webhooks` are asked for. */
  list(page: InboxPage): Promise<{ entries: readonly InboxEntry[]; total: number }>;
  /** What came from each source, hour by hour (hours.ts). */
  hours(now: Date): Promise<SourceHours>;
  prune(): Promise<void>;
}

interface InboxPage {
  readonly limit: number;
  readonly offset: number;
  readonly only?: 'webhooks' | 'refusals';
}

/**
 * Smaller ones, such as those of most pipelines, are stored as they are, since their senders wait: they are packed with
 * others a minute later (block-packer.ts), and would be unpacked for that.
 */
const DEFLATE_ABOVE_BYTES = 16 * 1024;
/** A small window: four times as fast as zlib's default, and as small for bodies of this kind. */
const DEFLATE = { level: 3, windowBits: 13, memLevel: 5 };

const addWebhooks = createScript('add-webhooks');
const concludeWebhook = createScript('conclude-webhook');
/** More would block Redis. */
const MAX_ADDED = 50;

export function createInbox(redis: Redis, keep: InboxRetention): Inbox {
  const refusals = createRefusals(redis);
  const store = { redis, refusals, blocks: createBlocks(redis) };
  const ttlSeconds = Math.ceil(keep.days * DAY_SECONDS);
  const addSoon = inBatches<readonly (string | number | Buffer)[]>(async (all) => {
    const webhooks = all.map(([id]) => keys.webhook(String(id)));
    await addWebhooks(
      redis,
      [keys.inbox(), keys.inboxSizes(), keys.feed(), keys.inboxHours(), ...webhooks],
      ttlSeconds,
      FEED_KEPT,
      ...all.flat(),
    );
  }, MAX_ADDED);
  return {
    async add(entry, body, written = writtenEntry(entry)) {
      const stored = body ? packBody(body) : NO_BODY;
      await addSoon([entry.id, written.entry, written.conclusion, Date.parse(entry.receivedAt), ...stored]);
    },
    addRefusal: (refusal) => refusals.add(refusal),
    async conclude(id, conclusion) {
      const touched = [keys.webhook(id), keys.inboxHours(), keys.inbox()];
      while ((await concludeWebhook(redis, touched, toJson(conclusion), ttlSeconds, id)) === 0)
        if (!(await unpackWebhook(store, id, ttlSeconds))) return; // it is deleted
    },
    async get(id) {
      if (isRefusalId(id)) return refusals.get(id);
      const stored = await readStored(store, id);
      if (!stored) return undefined;
      const body = bodyOf(stored);
      return { ...parseHead(stored), ...(body !== undefined && { body }) };
    },
    entries: (ids) => readEntries(store, ids),
    search: (wanted, page) =>
      searchInbox(wanted, page, {
        list: (offset, limit) => list(store, { offset, limit }),
        body: async (id) => (isRefusalId(id) ? undefined : bodyOf(await readStored(store, id))),
      }),
    list: (page) => list(store, page),
    hours: (now) => readHours(redis, now),
    async prune() {
      await pruneHours(redis, new Date(await nowOf(redis)));
      await pruneInbox(redis, keep);
      await refusals.forgetBefore((await nowOf(redis)) - ttlSeconds * 1000);
    },
  };
}

interface Stores extends WebhookStore {
  readonly refusals: Refusals;
}

/** Two sorted lists are merged: where a page begins in each is known once all refusals are read, which are few. */
async function list(stores: Stores, { limit, offset, only }: InboxPage) {
  const { redis, refusals } = stores;
  const refused = only === 'webhooks' ? [] : await refusals.index();
  const from = Math.max(0, offset - refused.length);
  const [count, listed] =
    only === 'refusals'
      ? [0, []]
      : await Promise.all([
          redis.zcard(keys.inbox()),
          redis.zrevrange(keys.inbox(), from, offset + limit - 1, 'WITHSCORES'),
        ]);
  const webhooks = pairs(listed);
  const first = webhooks[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const passed = from === 0 ? 0 : refused.filter(({ atMs }) => atMs > first).length;
  const merged = [...webhooks, ...refused.slice(passed)].sort((a, b) => b.atMs - a.atMs);
  const start = offset - from - passed;
  const ids = merged.slice(start, start + limit).map(({ id }) => id);
  const entries = await readEntries(stores, ids);
  return { total: count + refused.length, entries: entries.filter((entry) => entry !== undefined) };
}

async function readEntries(stores: Stores, ids: readonly string[]): Promise<(InboxEntry | undefined)[]> {
  const refused = ids.filter(isRefusalId);
  const [heads, found] = await Promise.all([
    readHeads(
      stores,
      ids.filter((id) => !isRefusalId(id)),
    ),
    stores.refusals.read(refused),
  ]);
  const byId = new Map(refused.map((id, at) => [id, found[at]]));
  return ids.map((id) => {
    const head = heads.get(id);
    return byId.get(id) ?? (head && parseHead(head));
  });
}

const NO_BODY = ['', ''] as const;

/** In a thread it would cost more: handing it over takes twice as long as deflating a body of 12 kB. */
function packBody(body: Buffer): readonly [field: string, bytes: Buffer] {
  return body.length > DEFLATE_ABOVE_BYTES ? ['deflated', deflateRawSync(body, DEFLATE)] : ['body', body];
}

function bodyOf(stored: StoredWebhook | undefined): string | undefined {
  const bytes = stored?.deflated ? inflateRawSync(stored.deflated) : stored?.body;
  return bytes && redactBody(bytes).toString('utf8'); // an earlier release kept more
}

/** We wrote both parts, as JSON of the two halves of InboxEntry. */
const parseHead = ({ entry, conclusion }: Head): InboxEntry =>
  ({ ...(parseStored(entry) as object), ...(parseStored(conclusion) as object) }) as InboxEntry;

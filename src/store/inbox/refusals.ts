import type { Redis } from 'ioredis';
import { digest } from '../../domain/change-record.ts';
import { FEED_KEPT } from '../feed.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import type { InboxEntry, Refusal } from './entry.ts';

/**
 * Unauthenticated requests. They have a ring of their own, so that a sender of thousands of them displaces no authentic
 * webhook from the inbox. Refusals of one address for one cause are one entry with a count: what the entry says is true
 * of all that it counts.
 */
export interface Refusals {
  add(refusal: Refusal): Promise<void>;
  get(id: string): Promise<InboxEntry | undefined>;
  /** The newest first: ids and times (epoch ms) of all, at most `REFUSALS_KEPT`. */
  index(): Promise<readonly { readonly id: string; readonly atMs: number }[]>;
  read(ids: readonly string[]): Promise<readonly (InboxEntry | undefined)[]>;
  forgetBefore(ms: number): Promise<void>;
}

/** One for each address and cause, of senders without a secret: they must not fill Redis. */
export const REFUSALS_KEPT = 1_000;
/** A cause may quote the sender: one address must not displace all others. */
export const CAUSES_OF_ONE_ADDRESS = 100;
/** Size of one entry: 1,000 of them take about a megabyte. */
const MAX_ENTRY_CHARS = 1_000;
const MAX_TEXT_CHARS = 200;
const ID_PREFIX = 'refused_';

export const isRefusalId = (id: string): boolean => id.startsWith(ID_PREFIX);

const addRefusal = createScript('add-refusal');
const forgetRefusals = createScript('forget-refusals');

export function createRefusals(redis: Redis): Refusals {
  const ring = () => [keys.refusals(), keys.refusalsByTime()];
  const read = async (ids: readonly string[]): Promise<(InboxEntry | undefined)[]> => {
    if (ids.length === 0) return [];
    const stored = await redis.hmget(keys.refusals(), ...ids.flatMap((id) => [id, countField(id)]));
    return ids.map((_id, at) => parse(stored[2 * at], stored[2 * at + 1]));
  };
  return {
    async add(refusal) {
      const entry = toEntry(refusal);
      const atMs = Date.parse(entry.receivedAt);
      await addRefusal(
        redis,
        [...ring(), keys.feed(), keys.inboxHours()],
        entry.id,
        pack(entry),
        atMs,
        REFUSALS_KEPT,
        FEED_KEPT,
        prefixOf(refusal.address),
        CAUSES_OF_ONE_ADDRESS,
        entry.verdict === 'unproved' ? 'ignored' : 'rejected',
      );
    },
    get: async (id) => (await read([id]))[0],
    async index() {
      const listed = await redis.zrevrange(keys.refusalsByTime(), 0, -1, 'WITHSCORES');
      return pairs(listed);
    },
    read,
    async forgetBefore(ms) {
      await forgetRefusals(redis, ring(), ms);
    },
  };
}

const countField = (id: string) => `${id}:count`;

/** Redis' reply WITHSCORES. */
export const pairs = (listed: readonly string[]): { readonly id: string; readonly atMs: number }[] =>
  listed.flatMap((id, at) => (at % 2 === 0 ? [{ id, atMs: Number(listed[at + 1]) }] : []));

const ADDRESS_DIGITS = 12; // enough to tell addresses apart
const prefixOf = (address: string): string => `${ID_PREFIX}${digest(address).slice(0, ADDRESS_DIGITS)}_`;

/** Its sender gets the id in the answer, and finds the entry by it. */
export const refusalIdOf = ({ address, source, reason, detail = '' }: RefusalCause): string =>
  `${prefixOf(address)}${digest([address, source, reason, detail].join('\n'))}`;

export type RefusalCause = Pick<Refusal, 'address' | 'source' | 'reason' | 'detail'>;

function toEntry(refusal: Refusal): InboxEntry {
  const verdict = refusal.reason === 'unproved' ? 'unproved' : 'rejected';
  return { ...refusal, id: refusalIdOf(refusal), verdict, deployments: [] };
}

/** Unauthenticated senders write the headers, and may write long ones. */
function pack(entry: InboxEntry): string {
  const json = toJson(entry);
  if (json.length <= MAX_ENTRY_CHARS) return json;
  const { detail, path } = entry;
  return toJson({
    ...entry,
    headers: {},
    path: path.slice(0, MAX_TEXT_CHARS),
    ...(detail !== undefined && { detail: detail.slice(0, MAX_TEXT_CHARS) }),
  });
}

/** Written by add() alone. */
function parse(entry: string | null | undefined, count: string | null | undefined): InboxEntry | undefined {
  return entry ? { ...(JSON.parse(entry) as InboxEntry), count: Number(count ?? 1) } : undefined;
}

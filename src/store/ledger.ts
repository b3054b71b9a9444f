import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Moment } from '../domain/deployment.ts';
import { DeliveryFailed } from '../domain/errors.ts';
import type { Delivered, Notebook, Told } from '../sinks/sink.ts';
import type { Echo, Echoes } from './echoes.ts';
import { FEED, FEED_KEPT } from './feed.ts';
import { key } from './keys.ts';

/** One attempt at one sink, for the person who asks what became of it. */
export interface Attempt {
  readonly at: string;
  readonly state: string;
  readonly outcome: 'delivered' | 'failed' | 'unwanted';
  readonly words: string;
  readonly status?: number;
}

export interface Delivery extends Told {
  readonly sink: string;
  readonly remoteUrl?: string;
  readonly attempts: readonly Attempt[];
}

/** A sink's memory of one deployment while it is exclusively ours. */
export interface LedgerEntry extends Notebook {
  delivered(moment: Moment, delivered: Delivered): Promise<void>;
  attempted(attempt: Omit<Attempt, 'at'>): Promise<void>;
}

export interface Ledger {
  /**
   * Runs `work` while nobody else delivers this deployment, or anything in the same lane, to this sink.
   * `signal` fires when the time is over, or when the lease was lost because this process stood still: then somebody
   * else may be at it.
   * @throws DeliveryFailed `hold: 'job'` when somebody does: come again in a moment.
   */
  exclusive<T>(
    at: { sink: string; deployment: string; lane?: string; echo?: Echo },
    work: (entry: LedgerEntry, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  read(sink: string, deployment: string): Promise<Delivery | undefined>;
  /** The deployment that the sink's destination knows by this id. */
  find(sink: string, remoteId: string): Promise<string | undefined>;
}

/** A lease of a killed worker ends after this; one of a worker that lives is renewed three times as often. */
const LEASE_MS = 12_000;
/** No attempt takes longer: it is aborted. */
const ATTEMPT_LIMIT_MS = 70_000;
const BUSY_RETRY_MS = 300;
const ATTEMPTS_KEPT = 20;
const KEEP_SECONDS = 400 * 86_400;
/** Longer than any delivery is tried again. */
const KEEP_LANE_SECONDS = 30 * 86_400;

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export function createLedger(redis: Redis, echoes: Echoes, clock: () => Date): Ledger {
  return {
    async exclusive({ sink, deployment, lane, echo }, work) {
      const names = [...new Set([deployment, lane ?? deployment])].map((name) => key('lease', sink, name));
      return withLeases(redis, names, async (signal) => {
        const known = await readTold(redis, { sink, deployment, lane });
        return work(createEntry({ redis, echoes, clock, sink, deployment, lane, echo }, known), signal);
      });
    },
    find: async (sink, remoteId) => (await redis.get(ownerKey(sink, remoteId))) ?? undefined,
    async read(sink, deployment) {
      const [stored, log] = await Promise.all([
        redis.hgetall(key('ledger', sink, deployment)),
        redis.lrange(key('attempts', sink, deployment), 0, -1),
      ]);
      if (Object.keys(stored).length === 0 && log.length === 0) return undefined;
      const attempts = log.map((json) => JSON.parse(json) as Attempt); // written by attempted() alone
      return { sink, ...toTold(stored), ...(stored['remote_url'] && { remoteUrl: stored['remote_url'] }), attempts };
    },
  };
}

const ownerKey = (sink: string, remoteId: string) => key('remote', sink, remoteId);

async function withLeases<T>(
  redis: Redis,
  names: readonly string[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  const held: string[] = [];
  const abort = new AbortController();
  const limit = setTimeout(
    () => abort.abort(new Error(`the attempt took longer than ${ATTEMPT_LIMIT_MS} ms`)),
    ATTEMPT_LIMIT_MS,
  );
  const renewing = setInterval(() => void renew(), LEASE_MS / 3);
  const renew = async () => {
    const replies: unknown[] = await Promise.all(held.map((name) => redis.eval(RENEW, 1, name, token, LEASE_MS))).catch(
      () => [],
    ); // Redis is away: the lease may still hold, the next round will tell
    if (replies.includes(0)) abort.abort(new Error('the lease was lost'));
  };
  try {
    for (const name of names) {
      if ((await redis.set(name, token, 'PX', LEASE_MS, 'NX')) !== 'OK') throw busy();
      held.push(name);
    }
    return await work(abort.signal);
  } finally {
    clearTimeout(limit);
    clearInterval(renewing);
    for (const name of held) await redis.eval(RELEASE, 1, name, token);
  }
}

const busy = () =>
  new DeliveryFailed('another delivery of this deployment or of the same lane is under way', {
    retry: { afterMs: BUSY_RETRY_MS, hold: 'job' },
  });

interface EntryContext {
  readonly redis: Redis;
  readonly echoes: Echoes;
  readonly clock: () => Date;
  readonly sink: string;
  readonly deployment: string;
  readonly lane: string | undefined;
  readonly echo: Echo | undefined;
}

function createEntry({ redis, echoes, clock, sink, deployment, lane, echo }: EntryContext, known: Told): LedgerEntry {
  const name = key('ledger', sink, deployment);
  const owner = (remoteId: string) => ownerKey(sink, remoteId);
  const write = (fields: Record<string, string>) => redis.multi().hset(name, fields).expire(name, KEEP_SECONDS).exec();
  return {
    known,
    async attempting() {
      if (echo) await echoes.expect(echo, deployment);
      await write({ attempted_at: clock().toISOString() });
    },
    async notAttempted() {
      await redis.hdel(name, 'attempted_at');
      if (echo) await echoes.unexpect(echo, deployment);
    },
    async claim(remoteId) {
      if (echo) await echoes.remember(echo, deployment, remoteId);
      await redis.set(owner(remoteId), deployment, 'EX', KEEP_SECONDS, 'NX');
      if ((await redis.get(owner(remoteId))) !== deployment) return false;
      await write({ remote_id: remoteId });
      await redis.hdel(name, 'attempted_at');
      return true;
    },
    async claimedByOther(remoteId) {
      const claimedBy = await redis.get(owner(remoteId));
      return claimedBy !== null && claimedBy !== deployment;
    },
    async delivered(moment, { remoteId, remoteUrl, status, words }) {
      await write({
        told_state: moment.state,
        told_at: moment.at,
        ...(remoteId && { remote_id: remoteId }),
        ...(remoteUrl && { remote_url: remoteUrl }),
      });
      // Not claimed: two deployments may have led to one thing there. The first one is found by its id.
      if (remoteId) await redis.set(owner(remoteId), deployment, 'EX', KEEP_SECONDS, 'NX');
      await redis.hdel(name, 'attempted_at');
      // Nobody else writes it: the lane is ours for as long as its lease holds.
      const isLatest = !known.toldInLane || known.toldInLane.at <= moment.at;
      if (lane && isLatest) await redis.set(key('lane', sink, lane), JSON.stringify(moment), 'EX', KEEP_LANE_SECONDS);
      await this.attempted({ state: moment.state, outcome: 'delivered', words, ...(status && { status }) });
    },
    async attempted(attempt) {
      const log = key('attempts', sink, deployment);
      const json = JSON.stringify({ at: clock().toISOString(), ...attempt } satisfies Attempt);
      await redis
        .multi()
        .lpush(log, json)
        .ltrim(log, 0, ATTEMPTS_KEPT - 1)
        .expire(log, KEEP_SECONDS)
        .xadd(FEED, 'MAXLEN', '~', FEED_KEPT, '*', 'sink', sink, 'deployment', deployment, 'attempt', json)
        .exec();
    },
  };
}

async function readTold(
  redis: Redis,
  { sink, deployment, lane }: { sink: string; deployment: string; lane: string | undefined },
): Promise<Told> {
  const told = toTold(await redis.hgetall(key('ledger', sink, deployment)));
  const inLane = lane === undefined ? null : await redis.get(key('lane', sink, lane));
  return { ...told, ...(inLane && { toldInLane: JSON.parse(inLane) as Moment }) }; // written by delivered() alone
}

function toTold(stored: Record<string, string>): Told {
  const { told_state, told_at, remote_id, attempted_at } = stored;
  return {
    ...(told_state && told_at && { told: { state: told_state as Moment['state'], at: told_at } }), // written by delivered() alone
    ...(remote_id && { remoteId: remote_id }),
    ...(attempted_at && { attemptedAt: attempted_at }),
  };
}

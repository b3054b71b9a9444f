import type { Redis } from 'ioredis';
import type { Moment } from '../domain/deployment.ts';
import type { Delivered, Notebook, Told } from '../sinks/sink.ts';
import type { Echo, Echoes } from './echoes.ts';
import { FEED, FEED_KEPT } from './feed.ts';
import { key } from './keys.ts';
import { busy, type Held, LEAVING, withLeases } from './lease.ts';
import { createScript } from './script.ts';

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
  /** The last word: the leases are given back with it. */
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

const ATTEMPTS_KEPT = 20;
const KEEP_SECONDS = 400 * 86_400;
/** Longer than any delivery is tried again. */
const KEEP_LANE_SECONDS = 30 * 86_400;

/** KEYS: ledger; ARGV: seconds it is kept, fields and values. */
const WRITE = createScript(`
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('EXPIRE', KEYS[1], ARGV[1])`);

/**
 * KEYS: owner of the remote id, ledger; ARGV: deployment, remote id, seconds both are kept.
 * @returns whose the remote id is: the first one's that claimed it.
 */
const CLAIM = createScript(`
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3], 'NX')
local owner = redis.call('GET', KEYS[1])
if owner ~= ARGV[1] then return owner end
redis.call('HSET', KEYS[2], 'remote_id', ARGV[2])
redis.call('HDEL', KEYS[2], 'attempted_at')
redis.call('EXPIRE', KEYS[2], ARGV[3])
return owner`);

/** KEYS: attempts, feed; ARGV: attempt, attempts kept, seconds they are kept, events kept, sink, deployment. */
const ATTEMPTED = `
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'sink', ARGV[5], 'deployment', ARGV[6], 'attempt', ARGV[1])`;
const NOTE_ATTEMPT = createScript(ATTEMPTED);

/**
 * More KEYS: ledger, owner of the remote id, lane (the ledger again where there is none), leases;
 * more ARGV: moment of the lane, seconds it is kept, token, fields and values of the ledger.
 * A remote id that another deployment holds stays its own: two may have led to one thing there, and the first is found by it.
 */
const DELIVERED = createScript(`${ATTEMPTED}
redis.call('HDEL', KEYS[3], 'attempted_at')
redis.call('HSET', KEYS[3], unpack(ARGV, 10))
redis.call('EXPIRE', KEYS[3], ARGV[3])
if KEYS[4] ~= KEYS[3] then redis.call('SET', KEYS[4], ARGV[6], 'EX', ARGV[3], 'NX') end
if KEYS[5] ~= KEYS[3] then redis.call('SET', KEYS[5], ARGV[7], 'EX', ARGV[8]) end
local first, token = 6, ARGV[9]
${LEAVING}`);

export function createLedger(redis: Redis, echoes: Echoes, clock: () => Date): Ledger {
  return {
    async exclusive({ sink, deployment, lane, echo }, work) {
      const ledger = key('ledger', sink, deployment);
      const laneKey = lane === undefined ? ledger : key('lane', sink, lane);
      const leases = [...new Set([deployment, lane ?? deployment])].map((name) => key('lease', sink, name));
      return withLeases(redis, { ledger, lane: laneKey, leases }, (held) =>
        work(createEntry({ redis, echoes, clock, sink, deployment, ledger, lane: laneKey, echo, held }), held.signal),
      );
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

interface EntryContext {
  readonly redis: Redis;
  readonly echoes: Echoes;
  readonly clock: () => Date;
  readonly sink: string;
  readonly deployment: string;
  readonly ledger: string;
  readonly lane: string;
  readonly echo: Echo | undefined;
  readonly held: Held;
}

function createEntry({ redis, echoes, clock, sink, deployment, ledger, lane, echo, held }: EntryContext): LedgerEntry {
  const known = toKnown(held);
  const owner = (remoteId: string) => ownerKey(sink, remoteId);
  const log = (attempt: Omit<Attempt, 'at'>) =>
    [
      JSON.stringify({ at: clock().toISOString(), ...attempt } satisfies Attempt),
      ATTEMPTS_KEPT,
      KEEP_SECONDS,
      FEED_KEPT,
      sink,
      deployment,
    ] as const;
  const logKeys = [key('attempts', sink, deployment), FEED];
  return {
    known,
    async attempting() {
      await Promise.all([
        echo && echoes.expect(echo, deployment),
        WRITE(redis, [ledger], KEEP_SECONDS, 'attempted_at', clock().toISOString()),
      ]);
      // The request goes out next. Somebody else may have sent it by now; the time that is written makes both look first.
      if (!held.isOurs()) throw busy();
    },
    async notAttempted() {
      await Promise.all([redis.hdel(ledger, 'attempted_at'), echo && echoes.unexpect(echo, deployment)]);
    },
    async claim(remoteId) {
      const [, claimedBy] = await Promise.all([
        echo && echoes.remember(echo, deployment, remoteId),
        CLAIM(redis, [owner(remoteId), ledger], deployment, remoteId, KEEP_SECONDS),
      ]);
      return claimedBy === deployment;
    },
    async claimedByOther(remoteId) {
      const claimedBy = await redis.get(owner(remoteId));
      return claimedBy !== null && claimedBy !== deployment;
    },
    async delivered(moment, { remoteId, remoteUrl, status, words }) {
      const told = {
        told_state: moment.state,
        told_at: moment.at,
        ...(remoteId && { remote_id: remoteId }),
        ...(remoteUrl && { remote_url: remoteUrl }),
      };
      // Nobody else writes the lane: it is ours for as long as its lease holds.
      const isLatest = !known.toldInLane || known.toldInLane.at <= moment.at;
      await DELIVERED(
        redis,
        [...logKeys, ledger, remoteId ? owner(remoteId) : ledger, isLatest ? lane : ledger, ...held.leases],
        ...log({ state: moment.state, outcome: 'delivered', words, ...(status && { status }) }),
        JSON.stringify(moment),
        KEEP_LANE_SECONDS,
        held.token,
        ...Object.entries(told).flat(),
      );
      held.left = true;
    },
    async attempted(attempt) {
      await NOTE_ATTEMPT(redis, logKeys, ...log(attempt));
    },
  };
}

function toKnown({ stored: listed, inLane }: Held): Told {
  const stored: Record<string, string> = {};
  for (let at = 0; at + 1 < listed.length; at += 2) stored[listed[at] ?? ''] = listed[at + 1] ?? '';
  return { ...toTold(stored), ...(inLane && { toldInLane: JSON.parse(inLane) as Moment }) }; // written by delivered() alone
}

function toTold(stored: Record<string, string>): Told {
  const { told_state, told_at, remote_id, attempted_at } = stored;
  return {
    ...(told_state && told_at && { told: { state: told_state as Moment['state'], at: told_at } }), // written by delivered() alone
    ...(remote_id && { remoteId: remote_id }),
    ...(attempted_at && { attemptedAt: attempted_at }),
  };
}

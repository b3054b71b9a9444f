import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Moment } from '../domain/deployment.ts';
import { DeliveryFailed } from '../domain/errors.ts';
import type { Delivered, Notebook, Told } from '../sinks/sink.ts';
import type { Echo, Echoes } from './echoes.ts';
import { FEED, FEED_KEPT } from './feed.ts';
import { key } from './keys.ts';
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

/**
 * KEYS: ledger, lane (or the ledger again), leases; ARGV: token, lease in ms. Takes all leases or none.
 * @returns nothing when one is held by somebody else; else the lane and the ledger's fields and values.
 */
const ENTER = createScript(`
for i = 3, #KEYS do
  if not redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2], 'NX') then
    for held = 3, i - 1 do redis.call('DEL', KEYS[held]) end
    return false
  end
end
local lane = KEYS[2] ~= KEYS[1] and redis.call('GET', KEYS[2])
return { lane, unpack(redis.call('HGETALL', KEYS[1])) }`);

/** KEYS: leases; ARGV: token, lease in ms. @returns how many are still ours. */
const RENEW = createScript(`
local ours = 0
for _, lease in ipairs(KEYS) do
  if redis.call('GET', lease) == ARGV[1] then ours = ours + redis.call('PEXPIRE', lease, ARGV[2]) end
end
return ours`);

const LEAVE = createScript(`
for _, lease in ipairs(KEYS) do
  if redis.call('GET', lease) == ARGV[1] then redis.call('DEL', lease) end
end`);

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
 * More KEYS: ledger, owner of the remote id, lane (the ledger again where there is none);
 * more ARGV: moment of the lane, seconds it is kept, fields and values of the ledger.
 * A remote id that another deployment holds stays its own: two may have led to one thing there, and the first is found by it.
 */
const DELIVERED = createScript(`${ATTEMPTED}
redis.call('HDEL', KEYS[3], 'attempted_at')
redis.call('HSET', KEYS[3], unpack(ARGV, 9))
redis.call('EXPIRE', KEYS[3], ARGV[3])
if KEYS[4] ~= KEYS[3] then redis.call('SET', KEYS[4], ARGV[6], 'EX', ARGV[3], 'NX') end
if KEYS[5] ~= KEYS[3] then redis.call('SET', KEYS[5], ARGV[7], 'EX', ARGV[8]) end`);

export function createLedger(redis: Redis, echoes: Echoes, clock: () => Date): Ledger {
  return {
    async exclusive({ sink, deployment, lane, echo }, work) {
      const ledger = key('ledger', sink, deployment);
      const laneKey = lane === undefined ? ledger : key('lane', sink, lane);
      const leases = [...new Set([deployment, lane ?? deployment])].map((name) => key('lease', sink, name));
      return withLeases(redis, { ledger, lane: laneKey, leases }, ({ known, isOurs, signal }) =>
        work(
          createEntry({ redis, echoes, clock, sink, deployment, ledger, lane: laneKey, echo, isOurs }, known),
          signal,
        ),
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

interface Place {
  readonly ledger: string;
  /** The ledger again for a sink without lanes. */
  readonly lane: string;
  readonly leases: readonly string[];
}

interface Held {
  readonly known: Told;
  /** False when they may have ended: this process, or Redis, stood still for longer than a lease lasts. */
  readonly isOurs: () => boolean;
  readonly signal: AbortSignal;
}

async function withLeases<T>(
  redis: Redis,
  { ledger, lane, leases }: Place,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  let sureUntilMs = performance.now() + LEASE_MS;
  const entered = (await ENTER(redis, [ledger, lane, ...leases], token, LEASE_MS)) as string[] | null; // as ENTER returns it
  if (!entered) throw busy();
  const abort = new AbortController();
  const limit = setTimeout(
    () => abort.abort(new Error(`the attempt took longer than ${ATTEMPT_LIMIT_MS} ms`)),
    ATTEMPT_LIMIT_MS,
  );
  const renew = async () => {
    const askedMs = performance.now();
    // Redis is away: the leases may still hold, the next round will tell.
    const ours = await RENEW(redis, leases, token, LEASE_MS).catch(() => undefined);
    if (ours === leases.length) sureUntilMs = askedMs + LEASE_MS;
    else if (ours !== undefined) abort.abort(new Error('the lease was lost'));
  };
  const renewing = setInterval(() => void renew(), LEASE_MS / 3);
  try {
    const [inLane, ...fields] = entered;
    const isOurs = () => performance.now() < sureUntilMs;
    return await work({ known: toKnown(fields, inLane), isOurs, signal: abort.signal });
  } finally {
    clearTimeout(limit);
    clearInterval(renewing);
    await LEAVE(redis, leases, token);
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
  readonly ledger: string;
  readonly lane: string;
  readonly echo: Echo | undefined;
  readonly isOurs: Held['isOurs'];
}

function createEntry(context: EntryContext, known: Told): LedgerEntry {
  const { redis, echoes, clock, sink, deployment, ledger, lane, echo, isOurs } = context;
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
      if (echo) await echoes.expect(echo, deployment);
      await WRITE(redis, [ledger], KEEP_SECONDS, 'attempted_at', clock().toISOString());
      // The request goes out next. Somebody else may have sent it by now; the time that is written makes both look first.
      if (!isOurs()) throw busy();
    },
    async notAttempted() {
      await redis.hdel(ledger, 'attempted_at');
      if (echo) await echoes.unexpect(echo, deployment);
    },
    async claim(remoteId) {
      if (echo) await echoes.remember(echo, deployment, remoteId);
      return (await CLAIM(redis, [owner(remoteId), ledger], deployment, remoteId, KEEP_SECONDS)) === deployment;
    },
    async claimedByOther(remoteId) {
      const claimedBy = await redis.get(owner(remoteId));
      return claimedBy !== null && claimedBy !== deployment;
    },
    async delivered(moment, { remoteId, remoteUrl, status, words }) {
      const told = { told_state: moment.state, told_at: moment.at };
      const remote = { ...(remoteId && { remote_id: remoteId }), ...(remoteUrl && { remote_url: remoteUrl }) };
      // Nobody else writes the lane: it is ours for as long as its lease holds.
      const isLatest = !known.toldInLane || known.toldInLane.at <= moment.at;
      await DELIVERED(
        redis,
        [...logKeys, ledger, remoteId ? owner(remoteId) : ledger, isLatest ? lane : ledger],
        ...log({ state: moment.state, outcome: 'delivered', words, ...(status && { status }) }),
        JSON.stringify(moment),
        KEEP_LANE_SECONDS,
        ...Object.entries({ ...told, ...remote }).flat(),
      );
    },
    async attempted(attempt) {
      await NOTE_ATTEMPT(redis, logKeys, ...log(attempt));
    },
  };
}

/** @param fields names and values in turn, as Redis lists a hash */
function toKnown(fields: readonly string[], inLane: string | null | undefined): Told {
  const stored: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) stored[fields[at] ?? ''] = fields[at + 1] ?? '';
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

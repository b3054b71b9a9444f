import type { Redis } from 'ioredis';
import type { Moment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import type { Delivered, DeliveryLedger, DeliveryState } from '../../sinks/sink.ts';
import { readPacked, unpackUnder } from '../changes/archive.ts';
import { namePlace, packedUnder } from '../changes/packed-names.ts';
import type { Packed } from '../changes/packing.ts';
import { FEED_KEPT } from '../feed.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { parseStored } from '../stored.ts';
import type { Attempt } from './attempt.ts';
import { type Echo, type Echoes, echoProject } from './echoes.ts';
import { busy, type HeldLeases, withLeases } from './lease.ts';

export interface Delivery extends DeliveryState {
  readonly sink: string;
  readonly remoteUrl?: string;
  readonly attempts: readonly Attempt[];
}

/** A sink's memory of one deployment while it is exclusively ours. */
export interface LedgerEntry extends DeliveryLedger {
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
/** Longer than any delivery is tried again. */
const KEEP_LANE_SECONDS = 30 * 86_400;

const writeLedger = createScript('write-ledger');
const claimRemoteId = createScript('claim-remote-id');
const logAttempt = createScript('log-attempt');
const logDelivery = createScript('log-delivery');

/** Puts what was written in safety, as the durability level says: queue/flush.ts. */
export interface Safety {
  begin(): () => Promise<void>;
}

export interface LedgerParts {
  readonly echoes: Echoes;
  readonly clock: () => Date;
  /** How long what was told stays after the last delivery, where retention does not remove it before. */
  readonly keepSeconds: number;
  readonly safety: Safety;
}

export function createLedger(redis: Redis, { echoes, clock, keepSeconds, safety }: LedgerParts): Ledger {
  return {
    async exclusive({ sink, deployment, lane, echo }, work) {
      const ledger = keys.ledger(sink, deployment);
      const laneKey = lane === undefined ? ledger : keys.lane(sink, lane);
      const leases = [...new Set([deployment, lane ?? deployment])].map((name) => keys.lease(sink, name));
      return withLeases(redis, { deployment: keys.deployment(deployment), ledger, lane: laneKey, leases }, (held) =>
        work(
          createEntry({
            redis,
            echoes,
            clock,
            keepSeconds,
            safety,
            sink,
            deployment,
            ledger,
            lane: laneKey,
            echo,
            held,
          }),
          held.signal,
        ),
      );
    },
    async find(sink, remoteId) {
      const owner = keys.remoteOwner(sink, remoteId);
      return (await redis.get(owner)) ?? (await packedAt(redis, owner))?.name;
    },
    async read(sink, deployment) {
      const [stored, log] = await Promise.all([
        redis.hgetall(keys.ledger(sink, deployment)),
        redis.lrange(keys.attempts(sink, deployment), 0, -1),
      ]);
      if (Object.keys(stored).length === 0 && log.length === 0) return readPackedDelivery(redis, sink, deployment);
      return toDelivery(sink, stored, log);
    },
  };
}

/** What lies packed that was found under a key. */
async function packedAt(redis: Redis, key: string): Promise<Packed | undefined> {
  const [id] = await packedUnder(redis, [key]);
  return id === undefined ? undefined : readPacked(redis, id);
}

async function readPackedDelivery(redis: Redis, sink: string, deployment: string): Promise<Delivery | undefined> {
  const packed = await packedAt(redis, keys.deployment(deployment));
  const told = packed?.deliveries.find((one) => one.sink === sink);
  return told && toDelivery(sink, told.ledger, told.attempts);
}

/** @param log JSON, the newest first */
function toDelivery(sink: string, stored: Readonly<Record<string, string>>, log: readonly string[]): Delivery {
  const attempts = log.map((json) => parseStored(json) as Attempt); // written by attempted() alone
  return { sink, ...toState(stored), ...(stored['remote_url'] && { remoteUrl: stored['remote_url'] }), attempts };
}

interface EntryContext {
  readonly redis: Redis;
  readonly echoes: Echoes;
  readonly clock: () => Date;
  readonly keepSeconds: number;
  readonly safety: Safety;
  readonly sink: string;
  readonly deployment: string;
  readonly ledger: string;
  readonly lane: string;
  readonly echo: Echo | undefined;
  readonly held: HeldLeases;
}

function createEntry({
  redis,
  echoes,
  clock,
  keepSeconds,
  safety,
  sink,
  deployment,
  ledger,
  lane,
  echo,
  held,
}: EntryContext): LedgerEntry {
  const known = toKnown(held);
  const owner = (remoteId: string) => keys.remoteOwner(sink, remoteId);
  const log = (attempt: Omit<Attempt, 'at'>) =>
    [
      JSON.stringify({ at: clock().toISOString(), ...attempt } satisfies Attempt),
      ATTEMPTS_KEPT,
      keepSeconds,
      FEED_KEPT,
      sink,
      deployment,
    ] as const;
  const logKeys = [keys.attempts(sink, deployment), keys.feed()];
  return {
    known,
    async attempting() {
      const isSafe = safety.begin();
      await Promise.all([
        echo && echoes.expect(echo, deployment),
        writeLedger(redis, [ledger], keepSeconds, 'attempted_at', clock().toISOString()),
      ]);
      await isSafe().catch(unsafe);
      // The request goes out next. Somebody else may have sent it by now; the time that is written makes both look
      // first.
      if (!held.isOurs()) throw busy();
    },
    async notAttempted() {
      await Promise.all([redis.hdel(ledger, 'attempted_at'), echo && echoes.unexpect(echo, deployment)]);
    },
    async claim(remoteId, madeMsAgo) {
      const isSafe = safety.begin();
      const [, claimedBy] = await Promise.all([
        echo && echoes.remember(echo, deployment, remoteId),
        claimUnpacked(
          redis,
          [owner(remoteId), ledger],
          ...[deployment, remoteId, keepSeconds, echo ? echoProject(echo.project) : ''],
          leftBefore(keepSeconds, madeMsAgo),
        ),
      ]);
      await isSafe().catch(unsafe);
      return claimedBy === deployment;
    },
    async claimedByOther(remoteId, madeMsAgo) {
      await unpackUnder(redis, owner(remoteId));
      const [claimedBy, leftMs] = await Promise.all([redis.get(owner(remoteId)), redis.pttl(owner(remoteId))]);
      return claimedBy !== null && claimedBy !== deployment && leftMs >= leftBefore(keepSeconds, madeMsAgo);
    },
    async delivered(moment, { remoteId, remoteUrl, status, message }) {
      const told = {
        told_state: moment.state,
        told_at: moment.at,
        ...(remoteId && { remote_id: remoteId }),
        ...(remoteUrl && { remote_url: remoteUrl }),
      };
      // Nobody else writes the lane: it is ours for as long as its lease holds.
      const place = namePlace(owner(remoteId ?? ''));
      const isLatest = !known.toldInLane || known.toldInLane.at <= moment.at;
      await logDelivery(
        redis,
        [...logKeys, ledger, remoteId ? owner(remoteId) : ledger, isLatest ? lane : ledger, place.key, ...held.leases],
        ...log({ state: moment.state, outcome: 'delivered', words: message, ...(status && { status }) }),
        JSON.stringify(moment),
        KEEP_LANE_SECONDS,
        held.token,
        place.field,
        ...Object.entries(told).flat(),
      );
      held.left = true;
    },
    async attempted(attempt) {
      await logAttempt(redis, logKeys, ...log(attempt));
    },
  };
}

/** As claim-remote-id.lua, of an owner that may be packed. @param names remoteOwner and ledger */
async function claimUnpacked(
  redis: Redis,
  names: readonly [owner: string, ledger: string],
  ...args: readonly (string | number)[]
): Promise<unknown> {
  const place = namePlace(names[0]);
  for (;;) {
    const claimedBy = await claimRemoteId(redis, [...names, place.key], ...args, place.field);
    if (claimedBy !== '') return claimedBy;
    await unpackUnder(redis, names[0]);
  }
}

const UNSAFE_RETRY_MS = 1_000;

/** Nothing is sent that a failover could make us forget. */
function unsafe(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new DeliveryFailed(`what is sent could not be noted in safety: ${why}`, {
    retry: { afterMs: UNSAFE_RETRY_MS, hold: 'job' },
  });
}

/** Two clocks of whole seconds, and the way of an answer. */
const CLAIM_SLACK_MS = 2_000;

/** How long a claim that was made with the thing itself is kept at least from now on, milliseconds. */
const leftBefore = (keepSeconds: number, madeMsAgo: number | undefined): number =>
  madeMsAgo === undefined ? 0 : keepSeconds * 1000 - madeMsAgo - CLAIM_SLACK_MS;

function toKnown({ stored: listed, inLane }: HeldLeases): DeliveryState {
  const stored: Record<string, string> = {};
  for (let at = 0; at + 1 < listed.length; at += 2) stored[listed[at] ?? ''] = listed[at + 1] ?? '';
  // written by delivered() alone
  return { ...toState(stored), ...(inLane && { toldInLane: JSON.parse(inLane) as Moment }) };
}

function toState(stored: Readonly<Record<string, string>>): DeliveryState {
  const { told_state, told_at, remote_id, attempted_at } = stored;
  return {
    // written by delivered() alone
    ...(told_state && told_at && { told: { state: told_state as Moment['state'], at: told_at } }),
    ...(remote_id && { remoteId: remote_id }),
    ...(attempted_at && { attemptedAt: attempted_at }),
  };
}

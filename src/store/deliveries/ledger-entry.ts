import type { Redis } from 'ioredis';
import type { Moment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import type { Delivered, DeliveryLedger, DeliveryState } from '../../sinks/sink.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { unpackUnder } from '../changes/packed/archive.ts';
import { namePlace } from '../changes/packed/packed-names.ts';
import { FEED_KEPT } from '../feed.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import type { Attempt } from './attempt.ts';
import { type Echo, type Echoes, echoProject } from './echoes.ts';
import { busy, type HeldLeases } from './lease.ts';

/** The ledger of one deployment at one sink while this process holds its leases. */
export interface LedgerEntry extends DeliveryLedger {
  /** Records the delivery and releases its leases in the same write. */
  delivered(moment: Moment, delivered: Delivered): Promise<void>;
  attempted(attempt: Omit<Attempt, 'at'>): Promise<void>;
  /** Deletes the time of an attempt that was not made. */
  close(): Promise<void>;
}

/** Makes writes as durable as the durability level requires: queue/flush.ts. */
export interface Safety {
  begin(): () => Promise<void>;
}

export interface LedgerParts {
  readonly echoes: Echoes;
  readonly clock: () => Date;
  /** How long an entry is kept after the last delivery, unless retention deletes it earlier. */
  readonly keepSeconds: number;
  readonly safety: Safety;
}

/** One deployment at one sink, with the keys of its ledger and its lane. */
export interface LedgerKeys {
  readonly sink: string;
  readonly deployment: string;
  readonly echo?: Echo | undefined;
  readonly ledgerKey: string;
  /** The key of the ledger where the delivery has no lane. */
  readonly laneKey: string;
}

const ATTEMPTS_KEPT = 20;
/** Longer than any delivery is retried, so that it outlives the last attempt. */
const KEEP_LANE_SECONDS = 30 * DAY_SECONDS;

const writeLedger = createScript('write-ledger');
const claimRemoteId = createScript('claim-remote-id');
const logAttempt = createScript('log-attempt');
const logDelivery = createScript('log-delivery');

export function createEntry(
  redis: Redis,
  parts: LedgerParts,
  at: LedgerKeys & { readonly held: HeldLeases; readonly isSafe: () => Promise<void> },
): LedgerEntry {
  const { echoes, clock, keepSeconds, safety } = parts;
  const { sink, deployment, echo, ledgerKey, laneKey, held } = at;
  const known = toKnown(held);
  /** Start of an earlier attempt whose outcome is unknown. Its time and announced echo are kept, whatever we do. */
  const unknownSince = known.attemptedAt;
  /** The time of this attempt was stored with the leases, and no request has been sent. */
  let isUnused = held.isFirst;
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
      const isSafe = isUnused ? at.isSafe : safety.begin();
      if (!isUnused)
        await Promise.all([
          echo && echoes.expect(echo, deployment),
          writeLedger(redis, [ledgerKey], keepSeconds, 'attempted_at', unknownSince ?? clock().toISOString()),
        ]);
      isUnused = false;
      await isSafe().catch(unsafe);
      // The request is sent next, and another process may have sent it already. The stored time makes both check the
      // destination first.
      if (!held.isOurs()) throw busy();
    },
    async notAttempted() {
      if (unknownSince !== undefined) return;
      await Promise.all([redis.hdel(ledgerKey, 'attempted_at'), echo && echoes.unexpect(echo, deployment)]);
    },
    async claim(remoteId, madeMsAgo) {
      const isSafe = safety.begin();
      const [, claimedBy] = await Promise.all([
        echo && echoes.remember(echo, deployment, remoteId),
        claimUnpacked(
          redis,
          [owner(remoteId), ledgerKey],
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
      isUnused = false;
      const fields = {
        told_state: moment.state,
        told_at: moment.at,
        ...(remoteId && { remote_id: remoteId }),
        ...(remoteUrl && { remote_url: remoteUrl }),
      };
      // No other process writes to the lane while this one holds its lease.
      const place = namePlace(owner(remoteId ?? ''));
      const isLatest = !known.deliveredInLane || known.deliveredInLane.at <= moment.at;
      await logDelivery(
        redis,
        [
          ...[...logKeys, ledgerKey, remoteId ? owner(remoteId) : ledgerKey],
          ...[isLatest ? laneKey : ledgerKey, place.key, ...held.leases],
        ],
        ...log({ state: moment.state, outcome: 'delivered', words: message, ...(status && { status }) }),
        JSON.stringify(moment),
        KEEP_LANE_SECONDS,
        held.token,
        place.field,
        ...Object.entries(fields).flat(),
      );
      held.left = true;
    },
    async attempted(attempt) {
      await logAttempt(redis, logKeys, ...log(attempt));
    },
    async close() {
      // Without the leases, the time may be that of another process by now.
      if (isUnused && held.isOurs()) await redis.hdel(ledgerKey, 'attempted_at');
    },
  };
}

/**
 * Runs claim-remote-id.lua, and unpacks the owner first if it is packed.
 * @param names remoteOwner and ledger
 */
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

/** Do not send a request whose ledger entry a failover could lose. */
function unsafe(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new DeliveryFailed(`not sent, as the attempt could not be stored durably: ${why}`, {
    retry: { afterMs: UNSAFE_RETRY_MS, hold: 'job' },
  });
}

/** Tolerance for two clocks with a resolution of one second, and for the time of a response. */
const CLAIM_SLACK_MS = 2_000;

/**
 * The minimum remaining lifetime, milliseconds, of a claim that was made when the destination created the object.
 */
const leftBefore = (keepSeconds: number, madeMsAgo: number | undefined): number =>
  madeMsAgo === undefined ? 0 : keepSeconds * 1000 - madeMsAgo - CLAIM_SLACK_MS;

function toKnown({ stored: listed, inLane }: HeldLeases): DeliveryState {
  const stored: Record<string, string> = {};
  for (let at = 0; at + 1 < listed.length; at += 2) stored[listed[at] ?? ''] = listed[at + 1] ?? '';
  // written by delivered() alone
  return { ...toState(stored), ...(inLane && { deliveredInLane: JSON.parse(inLane) as Moment }) };
}

export function toState(stored: Readonly<Record<string, string>>): DeliveryState {
  const { told_state, told_at, remote_id, attempted_at } = stored;
  return {
    // written by delivered() alone
    ...(told_state && told_at && { delivered: { state: told_state as Moment['state'], at: told_at } }),
    ...(remote_id && { remoteId: remote_id }),
    ...(attempted_at && { attemptedAt: attempted_at }),
  };
}

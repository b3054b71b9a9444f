import type { Redis } from 'ioredis';
import type { DeliveryState } from '../../sinks/sink.ts';
import { readPacked } from '../changes/packed/archive.ts';
import { packedUnder } from '../changes/packed/packed-names.ts';
import type { Packed } from '../changes/packed/packing.ts';
import { keys } from '../keys.ts';
import { parseStored } from '../stored.ts';
import type { Attempt } from './attempt.ts';
import type { Echo } from './echoes.ts';
import { withLeases } from './lease.ts';
import { createEntry, type LedgerEntry, type LedgerParts, toState } from './ledger-entry.ts';

export interface Delivery extends DeliveryState {
  readonly sink: string;
  readonly remoteUrl?: string;
  readonly attempts: readonly Attempt[];
}

export interface Ledger {
  /**
   * Runs `work` while no other process delivers this deployment, or another one of the same lane, to this sink.
   * `signal` aborts at the time limit, or when the lease was lost because this process was stalled: then another
   * process may be delivering.
   * @throws DeliveryFailed `hold: 'job'` when another process holds the lease: retry soon.
   */
  exclusive<T>(
    at: { sink: string; deployment: string; lane?: string; echo?: Echo },
    work: (entry: LedgerEntry, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  read(sink: string, deployment: string): Promise<Delivery | undefined>;
  /** The deployment that has this id at the destination. */
  find(sink: string, remoteId: string): Promise<string | undefined>;
}

export function createLedger(redis: Redis, parts: LedgerParts): Ledger {
  return {
    async exclusive({ sink, deployment, lane, echo }, work) {
      const ledgerKey = keys.ledger(sink, deployment);
      const laneKey = lane === undefined ? ledgerKey : keys.lane(sink, lane);
      const leases = [...new Set([deployment, lane ?? deployment])].map((name) => keys.lease(sink, name));
      const { clock, keepSeconds, safety } = parts;
      // An echo has to be announced in a write of its own, together with the time of the attempt.
      const firstAttempt = echo ? undefined : { at: clock().toISOString(), keepSeconds };
      const isSafe = safety.begin();
      return withLeases(
        redis,
        { deployment: keys.deployment(deployment), ledger: ledgerKey, lane: laneKey, leases, firstAttempt },
        async (held) => {
          const entry = createEntry(redis, parts, { sink, deployment, echo, ledgerKey, laneKey, held, isSafe });
          try {
            return await work(entry, held.signal);
          } finally {
            await entry.close();
          }
        },
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

/** The packed deployment that a key belongs to. */
async function packedAt(redis: Redis, key: string): Promise<Packed | undefined> {
  const [id] = await packedUnder(redis, [key]);
  return id === undefined ? undefined : readPacked(redis, id);
}

async function readPackedDelivery(redis: Redis, sink: string, deployment: string): Promise<Delivery | undefined> {
  const packed = await packedAt(redis, keys.deployment(deployment));
  const delivery = packed?.deliveries.find((candidate) => candidate.sink === sink);
  return delivery && toDelivery(sink, delivery.ledger, delivery.attempts);
}

/** @param log attempts as JSON, newest first */
function toDelivery(sink: string, stored: Readonly<Record<string, string>>, log: readonly string[]): Delivery {
  const attempts = log.map((json) => parseStored(json) as Attempt); // written by attempted() alone
  return { sink, ...toState(stored), ...(stored['remote_url'] && { remoteUrl: stored['remote_url'] }), attempts };
}

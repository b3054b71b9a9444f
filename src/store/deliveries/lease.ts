import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { DeliveryFailed } from '../../domain/errors.ts';
import { unpackUnder } from '../changes/packed/archive.ts';
import { namePlace } from '../changes/packed/packed-names.ts';
import { createScript } from '../script.ts';

/** The lease of a killed worker expires after this time. A live worker renews its lease three times in it. */
const LEASE_MS = 12_000;
/** An attempt that takes longer is aborted. */
const ATTEMPT_LIMIT_MS = 70_000;
const BUSY_RETRY_MS = 300;

const enterLeases = createScript('enter-leases');
const renewLeases = createScript('renew-leases');
const leaveLeases = createScript('leave-leases');

export interface LeasedKeys {
  /** The deployment. */
  readonly deployment: string;
  readonly ledger: string;
  /** The key of the lane; that of the ledger for a sink without lanes. */
  readonly lane: string;
  readonly leases: readonly string[];
  /** Stored if there is no ledger yet. Absent: it is not. */
  readonly firstAttempt?: FirstAttempt | undefined;
}

interface FirstAttempt {
  /** ISO 8601 */
  readonly at: string;
  readonly keepSeconds: number;
}

export interface HeldLeases {
  /** Alternating fields and values of the ledger, as Redis returns a hash. */
  readonly stored: readonly string[];
  /** The time of this attempt is stored. */
  readonly isFirst: boolean;
  readonly inLane: string | null | undefined;
  readonly token: string;
  readonly leases: readonly string[];
  /** The leases have already been released. */
  left: boolean;
  /** False when the leases may have expired, as this process or Redis was stalled for longer than a lease lasts. */
  readonly isOurs: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while this process holds all leases.
 * @throws DeliveryFailed `hold: 'job'` when another worker holds one.
 */
export async function withLeases<T>(
  redis: Redis,
  leased: LeasedKeys,
  work: (held: HeldLeases) => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  const { leases } = leased;
  let { entered, sureUntilMs } = await enter(redis, leased, token);
  const abort = new AbortController();
  const limit = setTimeout(
    () => abort.abort(new Error(`the attempt took longer than ${ATTEMPT_LIMIT_MS} ms`)),
    ATTEMPT_LIMIT_MS,
  );
  const renew = async () => {
    const askedMs = performance.now();
    // Redis is unreachable: the leases may still be held, which the next renewal shows.
    const areHeld = await renewLeases(redis, leases, token, LEASE_MS).catch(() => undefined);
    if (areHeld === leases.length) sureUntilMs = askedMs + LEASE_MS;
    else if (areHeld !== undefined) abort.abort(new Error('the lease was lost'));
  };
  const renewing = setInterval(() => void renew(), LEASE_MS / 3);
  const [inLane, ...stored] = entered;
  const isOurs = () => performance.now() < sureUntilMs;
  const isFirst = stored.length === 0 && leased.firstAttempt !== undefined;
  const held = { stored, isFirst, inLane, token, leases, left: false, isOurs, signal: abort.signal };
  try {
    return await work(held);
  } finally {
    clearTimeout(limit);
    clearInterval(renewing);
    if (!held.left) await leaveLeases(redis, leases, token);
  }
}

/** A packed deployment is unpacked first. */
async function enter(
  redis: Redis,
  { deployment, ledger, lane, leases, firstAttempt }: LeasedKeys,
  token: string,
): Promise<{ readonly entered: readonly string[]; readonly sureUntilMs: number }> {
  const place = namePlace(deployment);
  for (;;) {
    const sureUntilMs = performance.now() + LEASE_MS;
    const reply = await enterLeases(
      redis,
      [ledger, lane, place.key, ...leases],
      ...[token, LEASE_MS, place.field, firstAttempt?.at ?? '', firstAttempt?.keepSeconds ?? 0],
    );
    if (reply === null) throw busy();
    if (reply !== 0) return { entered: reply as string[], sureUntilMs }; // the shape that the script returns
    await unpackUnder(redis, deployment);
  }
}

export const busy = () =>
  new DeliveryFailed('another delivery of this deployment or of the same lane is under way', {
    retry: { afterMs: BUSY_RETRY_MS, hold: 'job' },
  });

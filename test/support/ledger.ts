import { type Deployment, type Moment, transition } from '../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import type { Delivered, DeliveryLedger, DeliveryState, Sink } from '../../src/sinks/sink.ts';

export interface MemoryDelivery extends DeliveryLedger {
  readonly known: DeliveryState;
  /** How often `attempting` was called. */
  readonly attempts: number;
}

/** What the framework does around a sink, in memory: one ledger a deployment, one owner a remote id. */
export interface MemoryLedger {
  of(key: string): MemoryDelivery;
  /** One attempt, as the framework makes it: exclusive by deployment and lane, nothing for what is delivered or stale. */
  attempt(
    sink: Sink,
    deployment: Deployment,
    options?: { now?: Date; signal?: AbortSignal },
  ): Promise<Delivered | 'known'>;
  /** Attempts until it is delivered or finally refused. */
  deliver(
    sink: Sink,
    deployment: Deployment,
    options?: { now?: Date; attempts?: number },
  ): Promise<Delivered | 'known'>;
}

interface Owner {
  readonly key: string;
  readonly atMs: number;
}

type Entry = { -readonly [Key in keyof DeliveryState]?: DeliveryState[Key] | undefined } & { attempts: number };

export function createMemoryLedger(): MemoryLedger {
  const entries = new Map<string, Entry>();
  const owners = new Map<string, Owner>();
  const lanes = new Map<string, Moment>();
  const exclusively = createLanes();
  const entryOf = (key: string) => {
    const entry = entries.get(key) ?? { attempts: 0 };
    entries.set(key, entry);
    return entry;
  };
  const of = (key: string) => ledgerOf(key, entryOf(key), owners);

  async function once(sink: Sink, deployment: Deployment, { now = new Date(), signal = idle() } = {}) {
    const entry = entryOf(deployment.key);
    const moment = { state: deployment.state, at: deployment.occurredAt };
    if (transition(entry.delivered, moment) !== 'apply') return 'known';
    const lane = `${sink.name} ${sink.lane?.(deployment) ?? ''}`;
    entry.deliveredInLane = sink.lane && lanes.get(lane);
    const answer = await sink.deliver(deployment, of(deployment.key), { now, signal });
    entry.delivered = moment;
    if (moment.at >= (entry.deliveredInLane?.at ?? '')) lanes.set(lane, moment);
    entry.attemptedAt = undefined;
    if (answer.remoteId !== undefined) entry.remoteId = answer.remoteId;
    return answer;
  }

  const attempt: MemoryLedger['attempt'] = (sink, deployment, options) => {
    const lane = sink.lane?.(deployment);
    const names = [`key ${deployment.key}`, ...(lane === undefined ? [] : [`lane ${lane}`])];
    return exclusively(names, () => once(sink, deployment, options));
  };

  const deliver: MemoryLedger['deliver'] = async (sink, deployment, { attempts = 50, ...options } = {}) => {
    for (let left = attempts; ; left -= 1) {
      try {
        return await attempt(sink, deployment, options);
      } catch (error) {
        if (left <= 1 || !(error instanceof DeliveryFailed) || error.retry === 'never') throw error;
      }
    }
  };
  return { of, attempt, deliver };
}

/** Runs one after the other what shares a name. */
function createLanes() {
  const lanes = new Map<string, Promise<unknown>>();
  return async <T>(names: readonly string[], run: () => Promise<T>): Promise<T> => {
    const before = names.map((name) => lanes.get(name));
    const mine = Promise.allSettled(before).then(run);
    for (const name of names) lanes.set(name, mine);
    return mine;
  };
}

const idle = () => new AbortController().signal;

function ledgerOf(key: string, entry: Entry, owners: Map<string, Owner>): MemoryDelivery {
  const unknownSince = entry.attemptedAt;
  const before = (madeMsAgo?: number) => (madeMsAgo === undefined ? 0 : performance.now() - madeMsAgo - 2_000);
  return {
    get known() {
      const { delivered, remoteId, attemptedAt, deliveredInLane } = entry;
      return {
        ...(delivered && { delivered }),
        ...(remoteId && { remoteId }),
        ...(attemptedAt && { attemptedAt }),
        ...(deliveredInLane && { deliveredInLane }),
      };
    },
    get attempts() {
      return entry.attempts;
    },
    async attempting() {
      entry.attempts += 1;
      entry.attemptedAt = unknownSince ?? new Date().toISOString();
    },
    async notAttempted() {
      entry.attemptedAt = unknownSince;
    },
    async claim(remoteId, madeMsAgo) {
      const owner = owners.get(remoteId);
      if (owner && owner.key !== key && owner.atMs >= before(madeMsAgo)) return false;
      if (owner?.key !== key) owners.set(remoteId, { key, atMs: performance.now() });
      entry.remoteId = remoteId;
      return true;
    },
    async claimedByOther(remoteId, madeMsAgo) {
      const owner = owners.get(remoteId);
      return owner !== undefined && owner.key !== key && owner.atMs >= before(madeMsAgo);
    },
  };
}

import { LRUCache } from 'lru-cache';
import type { DeploymentView } from '../domain/view.ts';
import type { Forwarded } from '../forward.ts';
import type { Sink } from '../sinks/sink.ts';
import { within } from '../values/within.ts';
import { forwardJobId, type Queues } from './queues.ts';
import { asFailure, resetStreak } from './retry.ts';
import { isTroubled, type SinkGate, type SinkGates } from './sink-gate.ts';
import type { Attempted } from './workers.ts';

/** The longest time that a recorder waits for a destination. */
const WAIT_MS = 500;
/**
 * Recorders that may wait for one destination: a slow one must delay neither other records nor deliveries to others.
 * All further deliveries go to its queue. One more after each quick delivery, and the fewest again after a slow one.
 * Those above the fewest wait no longer than a quick delivery takes.
 */
const FEWEST = 4;
const MOST = 64;
const QUICK_MS = 100;
/** After a slow or failed attempt, deliveries to the destination go to its queue for at least this time. */
const REST_MS = 5_000;

/** When a job begins whose first attempt takes longer than WAIT_MS: most have ended by then. */
const LATE_MS = 1_000;

/** How many of the deliveries that were queued last are remembered: a repeat may come before what it repeats. */
const QUEUED = 500;

export interface FirstAttemptParts {
  readonly gates: SinkGates;
  readonly forward: (sink: Sink, key: string, view: DeploymentView) => Promise<Forwarded>;
  readonly enqueue: Queues['forward'];
  readonly addFailure: Queues['addFirstFailure'];
  readonly onAttempt: (attempt: Attempted) => void;
  readonly waitMs?: number;
}

export interface DeliveryOptions {
  /** The minimum delay before delivery, milliseconds. */
  readonly afterMs: number;
  /** True when a new record was just stored and this view includes it. */
  readonly isNew: boolean;
}

export interface FirstAttempts {
  /**
   * Delivers a new state of a deployment immediately where the sink allows it: the usual case, which then needs no job.
   * In all other cases the delivery is in the sink's queue when this returns, after a failure together with its error.
   *
   * The guarantees are those of a job: it uses the same ledger and leases, and the record job ends only when the answer
   * is in the ledger or the delivery is in the queue. If the recorder is killed meanwhile, its second run finds the
   * record already stored, so it is not new, and puts the delivery into the queue.
   */
  deliver(sink: Sink, view: DeploymentView, options: DeliveryOptions): Promise<void>;
  /** Starts no further attempts, and waits for those under way. */
  close(): Promise<void>;
}

export function createFirstAttempts(parts: FirstAttemptParts): FirstAttempts {
  const { gates, waitMs = WAIT_MS } = parts;
  const queued = new LRUCache<string, true>({ max: QUEUED });
  const enqueue: Queues['forward'] = (sink, view, options) => {
    queued.set(nameOf(sink, view), true);
    return parts.enqueue(sink, view, options);
  };
  const rests = createRests();
  const attempt = attempting({ ...parts, enqueue }, rests);
  const underWay = new Map<string, Begun>();
  const windows = createWindows();
  let isClosed = false;
  const gateFor = (sink: Sink): SinkGate | undefined => {
    const gate = gates.get(sink.name);
    const mayBegin = !isClosed && sink.ratePerMinute === undefined && windows.isOpen(sink);
    return mayBegin && gate && mayTry(gate, sink, rests) ? gate : undefined;
  };
  const begin = (gate: SinkGate, sink: Sink, view: DeploymentView): Begun => {
    const name = nameOf(sink, view);
    const { isExtra, leave } = windows.enter(sink);
    const begun = { ...attempt(gate, sink, view), isExtra };
    underWay.set(name, begun);
    const end = () => {
      underWay.delete(name);
      leave();
    };
    begun.over.then(end, end);
    return begun;
  };
  return {
    async deliver(sink, view, { afterMs, isNew }) {
      const name = nameOf(sink, view);
      const gate = isNew && afterMs === 0 && !queued.has(name) ? gateFor(sink) : undefined;
      // A repeat waits too: a job that it made would be another attempt where the first one fails.
      const begun = underWay.get(name) ?? (gate && begin(gate, sink, view));
      if (!begun) return enqueue(sink, view, { afterMs });
      const { over, isExtra } = begun;
      if (await within(isExtra ? Math.min(QUICK_MS, waitMs) : waitMs, over, () => false)) return;
      if (isExtra) windows.shrink(sink);
      else rests.begin(sink, REST_MS);
      await begun.leaveToQueue();
    },
    async close() {
      isClosed = true;
      await Promise.allSettled([...underWay.values()].map(({ over }) => over));
    },
  };
}

interface Begun {
  /** Resolves when the delivery is made or in the queue. */
  readonly over: Promise<true>;
  /** The fewest that recorders may wait for were under way when it began. */
  readonly isExtra: boolean;
  /** Puts the delivery into the queue. If the attempt has not started, it does not start any more. */
  leaveToQueue(): Promise<void>;
}

function attempting({ forward, enqueue, addFailure, onAttempt }: FirstAttemptParts, rests: Rests) {
  const tryOnce = async (gate: SinkGate, sink: Sink, view: DeploymentView): Promise<EnqueueOptions | undefined> => {
    const { key } = view.deployment;
    const startedMs = performance.now();
    const elapsedMs = () => Math.round(performance.now() - startedMs);
    try {
      const outcome = await forward(sink, key, view);
      onAttempt({ sink: sink.name, deployment: key, outcome, ms: elapsedMs() });
      resetStreak(gate.streak);
      return undefined;
    } catch (error) {
      const { message, retry, status, concerns } = asFailure(error);
      const isBusy = typeof retry === 'object' && retry.hold === 'job' && status === undefined;
      if (isBusy) return { afterMs: retry.afterMs };
      // The worker may not receive the job for a while, as another replica may have put the sink on hold.
      if (retry !== 'never') rests.begin(sink, Math.max(REST_MS, typeof retry === 'object' ? retry.afterMs : 0));
      // The worker of the queue handles this failure as it handles that of any other attempt.
      const answered = { ...(status !== undefined && { status }), ...(concerns !== undefined && { concerns }) };
      return { firstFailure: { message, retry, ...answered, ms: elapsedMs() } };
    }
  };
  return (gate: SinkGate, sink: Sink, view: DeploymentView): Omit<Begun, 'isExtra'> => {
    let hasStarted = false;
    let queued: Promise<void> | undefined;
    const over = gate.run(async (): Promise<true> => {
      if (queued) return true;
      hasStarted = true;
      // Attempts that began before this one may have failed while it waited for them.
      const left = mayTry(gate, sink, rests) ? await tryOnce(gate, sink, view) : { afterMs: 0 };
      const wasQueued = queued as Promise<void> | undefined; // leaveToQueue() may have been called meanwhile
      if (left && !wasQueued) await enqueue(sink, view, left);
      await wasQueued;
      if (left?.firstFailure && wasQueued) await addFailure(sink, view, left.firstFailure);
      return true;
    });
    return {
      over,
      leaveToQueue() {
        queued ??= enqueue(sink, view, { afterMs: hasStarted ? LATE_MS : 0 });
        return queued;
      },
    };
  };
}

const mayTry = (gate: SinkGate, sink: Sink, rests: Rests): boolean => !isTroubled(gate) && !rests.isResting(sink);

type EnqueueOptions = NonNullable<Parameters<Queues['forward']>[2]>;

/** One moment of a deployment at one sink: its job has the same id. */
const nameOf = ({ name }: Pick<Sink, 'name'>, { deployment }: Parameters<Queues['forward']>[1]): string =>
  `${name}\n${forwardJobId(deployment)}`;

/** The sinks whose deliveries go to their queues for now. */
type Rests = ReturnType<typeof createRests>;

function createRests() {
  const untilMs = new Map<string, number>();
  return {
    begin: (sink: Sink, ms: number) => void untilMs.set(sink.name, performance.now() + ms),
    isResting: (sink: Sink) => (untilMs.get(sink.name) ?? 0) > performance.now(),
  };
}

/** How many deliveries to each destination recorders wait for, and how many they may, as in a congestion window. */
function createWindows() {
  const windows = new Map<string, { waiting: number; size: number }>();
  const windowOf = ({ name }: Sink) => {
    const window = windows.get(name) ?? { waiting: 0, size: FEWEST };
    windows.set(name, window);
    return window;
  };
  return {
    isOpen(sink: Sink): boolean {
      const { waiting, size } = windowOf(sink);
      return waiting < size;
    },
    /** `leave` is to be called at the end of the delivery. */
    enter(sink: Sink): { readonly isExtra: boolean; leave(): void } {
      const window = windowOf(sink);
      const enteredMs = performance.now();
      window.waiting += 1;
      return {
        isExtra: window.waiting > FEWEST,
        leave() {
          window.waiting -= 1;
          const wasQuick = performance.now() - enteredMs < QUICK_MS;
          window.size = wasQuick ? Math.min(MOST, window.size + 1) : FEWEST;
        },
      };
    },
    shrink(sink: Sink): void {
      windowOf(sink).size = FEWEST;
    },
  };
}

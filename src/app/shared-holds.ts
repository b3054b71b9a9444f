import type { Hold, SinkGates } from '../queue/sink-gate.ts';
import type { Holds } from '../store/holds.ts';
import type { OnError } from '../telemetry/lines.ts';

/** How late a process may learn of a hold that another one has met. */
const EVERY_MS = 5_000;
/** How long the others show the failure of a replica that has ended. */
const FAILING_MS = 30_000;

export interface SharedHoldsParts {
  readonly gates: SinkGates;
  readonly holds: Holds;
  /** Why sinks are failing that are not on hold. */
  readonly failures: Holds;
  readonly hide: (text: string) => string;
  readonly clock: () => Date;
  readonly onError: OnError;
}

export interface SharedHolds {
  sync(): Promise<void>;
  stop(): void;
}

/**
 * Makes the holds of this process known to the other replicas and to the next start, and theirs to this one. The queue
 * is on hold in Redis for all of them: without this, only the process that met the failure could say why nothing is
 * delivered, and another would make first attempts at a destination that asked for a pause. A sink that is failing
 * without being on hold is shown as such by all replicas likewise.
 */
export function shareHolds(parts: SharedHoldsParts): SharedHolds {
  const syncHolds = exchangingHolds(parts);
  const syncFailures = exchangingFailures(parts);
  let turn: Promise<unknown> = Promise.resolve();
  // One after the other: an exchange that read before an earlier one wrote would take what it misses for ended.
  const sync = () => {
    const current = turn.then(() => Promise.all([syncHolds(), syncFailures()])).then(() => {});
    turn = current.catch(() => {});
    return current;
  };
  let isBusy = false;
  const syncing = () => {
    if (isBusy) return; // Redis is away
    isBusy = true;
    const end = () => {
      isBusy = false;
    };
    sync()
      .catch((error: unknown) => parts.onError('holds', error))
      .finally(end);
  };
  syncing();
  const timer = setInterval(syncing, EVERY_MS);
  return { sync, stop: () => clearInterval(timer) };
}

function exchangingHolds({ gates, holds, hide, clock }: SharedHoldsParts): () => Promise<void> {
  /** As it was after the last exchange. */
  const known = new Map<string, Hold | undefined>();
  return async () => {
    const stored = await holds.read([...gates.keys()]);
    for (const [sink, gate] of gates) {
      const before = known.get(sink);
      const own = gate.hold;
      if (own === before) gate.hold = newerOf(before, stored.get(sink));
      else if (own) await holds.begin(sink, { ...own, why: hide(own.why) }, clock());
      else await holds.end(sink);
      // A failure or a delivery may have changed it meanwhile, which the next exchange tells.
      known.set(sink, own === before ? gate.hold : own);
    }
  };
}

function exchangingFailures({ gates, failures, hide, clock }: SharedHoldsParts): () => Promise<void> {
  /** As it was after the last exchange. */
  const known = new Map<string, string | undefined>();
  /** The sinks whose failure this process has met itself. */
  const met = new Set<string>();
  return async () => {
    const stored = await failures.read([...gates.keys()]);
    for (const [sink, { streak }] of gates) {
      const isOwn = streak.why !== known.get(sink);
      const why = isOwn ? streak.why : stored.get(sink)?.why;
      streak.why = why;
      known.set(sink, why);
      if (why === undefined) met.delete(sink);
      else if (isOwn) met.add(sink);
      if (why !== undefined && met.has(sink))
        await failures.begin(sink, { why: hide(why), until: until(clock) }, clock());
      if (why === undefined && isOwn) await failures.end(sink);
    }
  };
}

const until = (clock: () => Date): Date => new Date(clock().getTime() + FAILING_MS);

/** The same object as long as nothing has changed. */
function newerOf(before: Hold | undefined, stored: Hold | undefined): Hold | undefined {
  const isSame = before?.why === stored?.why && before?.until.getTime() === stored?.until.getTime();
  return isSame ? before : stored;
}

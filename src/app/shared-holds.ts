import type { Hold, SinkGates } from '../queue/sink-gate.ts';
import type { Holds } from '../store/holds.ts';
import type { OnError } from '../telemetry/lines.ts';

const EVERY_MS = 5_000;

export interface SharedHoldsParts {
  readonly gates: SinkGates;
  readonly holds: Holds;
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
 * delivered, and another would make first attempts at a destination that asked for a pause.
 */
export function shareHolds({ gates, holds, hide, clock, onError }: SharedHoldsParts): SharedHolds {
  /** As it was after the last exchange. */
  const known = new Map<string, Hold | undefined>();
  const sync = async () => {
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
  const syncing = () => void sync().catch((error: unknown) => onError('holds', error));
  syncing();
  const timer = setInterval(syncing, EVERY_MS);
  return { sync, stop: () => clearInterval(timer) };
}

/** The same object as long as nothing has changed. */
function newerOf(before: Hold | undefined, stored: Hold | undefined): Hold | undefined {
  const isSame = before?.why === stored?.why && before?.until.getTime() === stored?.until.getTime();
  return isSame ? before : stored;
}

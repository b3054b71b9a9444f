import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';
import { HOUR_MS } from '../values/units.ts';

/** A secret that may expire, and how to ask when. */
export interface Expiring {
  /** `source gitlab`, `sink gitlab`. */
  readonly name: string;
  /** Undefined: never, or unknown. */
  expiresAt(signal: AbortSignal): Promise<Date | undefined>;
}

interface Holders {
  readonly sources: readonly Pick<Source, 'name' | 'tokenExpiresAt'>[];
  readonly sinks: readonly Pick<Sink, 'name' | 'tokenExpiresAt'>[];
}

export function expiringSecrets({ sources, sinks }: Holders): Expiring[] {
  const named = (kind: string, { name, tokenExpiresAt }: Holders['sources'][number]) =>
    tokenExpiresAt ? [{ name: `${kind} ${name}`, expiresAt: tokenExpiresAt }] : [];
  return [...sources.flatMap((source) => named('source', source)), ...sinks.flatMap((sink) => named('sink', sink))];
}

/** A warning comes days before the end. */
const LOOK_EVERY_MS = HOUR_MS;
/** Just under a day, so that the check of the 24th hour asks again. Where no answer came, the next check does. */
const ANSWER_HOLDS_MS = 23.5 * HOUR_MS;

export interface ExpiryWatch {
  /** When each secret expires, as last reported. Absent: never, or unknown. */
  known(): Readonly<Record<string, Date>>;
  stop(): void;
}

/**
 * Asks at once and then daily, in the background. A missing answer is no error here: a token that is refused is
 * reported by the sinks, and by `shiplog doctor`.
 */
export function watchExpiry(secrets: readonly Expiring[], clock: () => Date): ExpiryWatch {
  const expiries = new Map<string, Date>();
  const askedMs = new Map<string, number>();
  const abort = new AbortController();
  const look = async ({ name, expiresAt }: Expiring): Promise<void> => {
    const nowMs = clock().getTime();
    if (nowMs - (askedMs.get(name) ?? Number.NEGATIVE_INFINITY) < ANSWER_HOLDS_MS) return;
    const at = await expiresAt(abort.signal);
    askedMs.set(name, nowMs);
    expiries.delete(name);
    if (at) expiries.set(name, at);
  };
  const lookAtAll = () => void Promise.allSettled(secrets.map(look));
  const timer = setInterval(lookAtAll, LOOK_EVERY_MS);
  lookAtAll();
  return {
    known: () => Object.fromEntries(expiries),
    stop() {
      clearInterval(timer);
      abort.abort(new Error('the bridge stops, or has another configuration'));
    },
  };
}

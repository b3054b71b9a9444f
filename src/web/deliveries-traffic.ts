import { MINUTE_MS } from '../values/units.ts';
/** Deliveries to one sink in the last minutes. */
export interface Recent {
  readonly delivered: number;
  readonly failed: number;
  /** Duration of one attempt; absent: there was none. */
  readonly meanMs?: number;
}

export interface Traffic {
  note(attempt: { readonly sink: string; readonly outcome: string; readonly ms: number }): void;
  of(sink: string): Recent;
}

/** What happens now, over enough deliveries for a mean. */
export const TRAFFIC_MINUTES = 5;
const FAILED = new Set(['retry', 'hold', 'dead']);

interface Minute {
  readonly at: number;
  delivered: number;
  failed: number;
  ms: number;
}

/** Counts by the minute, for as long as the page looks back. Only of this process, and since its start. */
export function createTraffic(clock: () => Date): Traffic {
  const sinks = new Map<string, Minute[]>();
  const now = () => Math.floor(clock().getTime() / MINUTE_MS);
  const recentOf = (sink: string) => (sinks.get(sink) ?? []).filter(({ at }) => at > now() - TRAFFIC_MINUTES);
  return {
    note({ sink, outcome, ms }) {
      const isFailed = FAILED.has(outcome);
      if (!isFailed && outcome !== 'delivered') return; // the destination was not asked
      const minutes = recentOf(sink);
      const last = minutes.at(-1);
      const minute = last?.at === now() ? last : { at: now(), delivered: 0, failed: 0, ms: 0 };
      if (minute !== last) minutes.push(minute);
      minute[isFailed ? 'failed' : 'delivered'] += 1;
      minute.ms += ms;
      sinks.set(sink, minutes);
    },
    of(sink) {
      const minutes = recentOf(sink);
      const sum = (of: (minute: Minute) => number) => minutes.reduce((total, minute) => total + of(minute), 0);
      const delivered = sum((minute) => minute.delivered);
      const failed = sum((minute) => minute.failed);
      const count = delivered + failed;
      return { delivered, failed, ...(count > 0 && { meanMs: sum(({ ms }) => ms) / count }) };
    },
  };
}

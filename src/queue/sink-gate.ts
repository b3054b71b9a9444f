import type { Sink } from '../sinks/sink.ts';
import type { FailureStreak } from './retry.ts';

/** Why a sink waits as a whole, for /readyz and the pages. */
export interface Hold {
  readonly why: string;
  readonly until: Date;
}

/**
 * What this process knows of one sink, whoever delivers to it: the worker of its queue, or the recorder that makes the
 * first attempt at once.
 */
export interface SinkGate {
  readonly streak: FailureStreak;
  hold: Hold | undefined;
  /** Runs one of at most `concurrency` deliveries at once, in the order in which they came. */
  run<Got>(deliver: () => Promise<Got>): Promise<Got>;
}

/** Deliveries failed lately: its queue decides when it is asked again. */
export const isTroubled = ({ streak, hold }: SinkGate): boolean =>
  streak.deployments.size > 0 || (hold !== undefined && hold.until > new Date());

export type SinkGates = ReadonlyMap<string, SinkGate>;

export const createSinkGates = (sinks: readonly Pick<Sink, 'name' | 'concurrency'>[]): SinkGates =>
  new Map(sinks.map(({ name, concurrency }) => [name, createSinkGate(concurrency)]));

/** By the name of the sink. */
export const holdsOf = (gates: SinkGates): Readonly<Record<string, Hold>> =>
  Object.fromEntries(
    [...gates].flatMap(([name, { hold }]) => (hold && hold.until > new Date() ? [[name, hold] as const] : [])),
  );

export function createSinkGate(concurrency: number): SinkGate {
  let free = concurrency;
  const waiting: (() => void)[] = [];
  return {
    streak: { deployments: new Set(), rounds: 0 },
    hold: undefined,
    async run(deliver) {
      if (free > 0) free -= 1;
      else await new Promise<void>((go) => waiting.push(go));
      try {
        return await deliver();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}

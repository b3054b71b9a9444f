import type { Sink } from '../sinks/sink.ts';
import { createSemaphore } from '../values/semaphore.ts';
import type { FailureStreak } from './retry.ts';

/** Why a whole sink is on hold, for /readyz and the pages. */
export interface Hold {
  readonly why: string;
  readonly until: Date;
}

/**
 * The state of one sink in this process, shared by the worker of its queue and the recorder that makes first attempts.
 */
export interface SinkGate {
  readonly streak: FailureStreak;
  hold: Hold | undefined;
  /** Runs a delivery, at most `concurrency` at a time, in the order of the calls. */
  run<Got>(deliver: () => Promise<Got>): Promise<Got>;
}

/** True after recent failures: then the queue decides when the next attempt is made. */
export const isTroubled = ({ streak, hold }: SinkGate): boolean =>
  streak.deployments.size > 0 || (hold !== undefined && hold.until > new Date());

export type SinkGates = ReadonlyMap<string, SinkGate>;

export const createSinkGates = (sinks: readonly Pick<Sink, 'name' | 'concurrency'>[]): SinkGates =>
  new Map(sinks.map(({ name, concurrency }) => [name, createSinkGate(concurrency)]));

/** @throws Error for a sink that was left out when the gates were made: a bug */
export function gateOf(gates: SinkGates, { name }: Pick<Sink, 'name'>): SinkGate {
  const gate = gates.get(name);
  if (!gate) throw new Error(`the sink ${name} has no gate`);
  return gate;
}

/** The holds of all sinks, by name. */
export const holdsOf = (gates: SinkGates): Readonly<Record<string, Hold>> =>
  Object.fromEntries(
    [...gates].flatMap(([name, { hold }]) => (hold && hold.until > new Date() ? [[name, hold] as const] : [])),
  );

/** Why the last attempt at each sink failed whose deliveries are retried one by one, by name. */
export const failuresOf = (gates: SinkGates): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...gates].flatMap(([name, { streak }]) => (streak.why === undefined ? [] : [[name, streak.why]])),
  );

export const createSinkGate = (concurrency: number): SinkGate => ({
  streak: { deployments: new Set(), rounds: 0 },
  hold: undefined,
  run: createSemaphore(concurrency),
});

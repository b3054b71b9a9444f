import { setTimeout as wait } from 'node:timers/promises';
import type { Tally } from './checker.ts';
import { createPlan, type Plan, type PlanWishes } from './plan.ts';
import { seeded } from './random.ts';
import { type Stage, type StageWishes, startStage } from './stage.ts';

/** What a scenario may use, and where it says what it saw. */
export interface Run {
  readonly random: () => number;
  readonly seed: number;
  /** Webhooks a second. */
  readonly perSecond: number;
  /** How long webhooks are sent, unless the fault needs longer. */
  readonly seconds: number;
  /** The long form: the matrix's own durations where they are minutes. */
  readonly long: boolean;
  /** Whether the machine has nothing else to do. */
  readonly quiet: boolean;
  /** A criterion of the row. One that does not hold fails the row; the others are looked at all the same. */
  check(holds: boolean, what: string): void;
  /** The same of a limit of time, which is judged on a quiet machine alone. */
  onTime(holds: boolean, what: string): void;
  /** A figure for the reader. */
  note(what: string): void;
  plan(wishes?: Partial<PlanWishes>): Plan;
  /** Runs with everything around the bridges, and cleans up. */
  on(wishes: Omit<StageWishes, 'random'>, act: (stage: Stage) => Promise<Tally>): Promise<Tally>;
}

/** What may be lost or doubled, where the row allows any. */
export interface Allowed {
  readonly lost?: number;
  readonly duplicate?: number;
}

export type Scenario = (run: Run) => Promise<Tally & { readonly allowed?: Allowed }>;

export interface Size {
  readonly seed: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly long: boolean;
  /** Whether the machine has nothing else to do, so that limits of time are judged. */
  readonly quiet: boolean;
  /** A scenario that hangs is ended after this, and what it started with it. */
  readonly limitMs: number;
}

export interface Result {
  readonly tally: Tally | undefined;
  /** Empty: passed. */
  readonly failures: readonly string[];
  readonly notes: readonly string[];
}

/** Runs a scenario once and judges it. Never throws. */
export async function play(scenario: Scenario, size: Size): Promise<Result> {
  const failures: string[] = [];
  const notes: string[] = [];
  const random = seeded(size.seed);
  const stages = new Set<Stage>();
  const run: Run = {
    ...size,
    random,
    check: (holds, what) => void (holds || failures.push(what)),
    onTime: (holds, what) => void (holds || !size.quiet || failures.push(what)),
    note: (what) => void notes.push(what),
    plan: (wishes) => createPlan({ events: size.perSecond * size.seconds, random, ...wishes }),
    async on(wishes, act) {
      const stage = await startStage({ random, ...wishes });
      stages.add(stage);
      try {
        return await act(stage);
      } catch (error) {
        notes.push(...stage.replicas.map((replica) => `last words: ${replica.output().slice(-2_000)}`));
        throw error;
      } finally {
        stages.delete(stage);
        await stage.stop();
      }
    },
  };
  try {
    const { allowed = {}, ...tally } = await within(size.limitMs, scenario(run));
    const { lost = 0, duplicate = 0 } = allowed;
    if (tally.lost > lost) failures.unshift(`${tally.lost} lost, ${lost} allowed`);
    if (tally.duplicate > duplicate) failures.unshift(`${tally.duplicate} duplicates, ${duplicate} allowed`);
    return { tally, failures: [...failures, ...(tally.lost > lost || lost === 0 ? tally.wrong : [])], notes };
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { tally: undefined, failures: [...failures, words], notes };
  } finally {
    for (const stage of stages) await stage.stop();
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${ms(limitMs)}`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export const ms = (value: number): string => `${Math.round(value)} ms`;

/** Asks until it is so. Resolves with the milliseconds that it took, or undefined when the time is up. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 25 }: { withinMs: number; everyMs?: number },
): Promise<number | undefined> {
  const startMs = performance.now();
  while (performance.now() - startMs < withinMs) {
    if (await holds()) return performance.now() - startMs;
    await wait(everyMs);
  }
  return undefined;
}

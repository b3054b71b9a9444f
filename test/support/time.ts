import { expect } from 'vitest';

/** Limits of time hold on a quiet machine: `npm run faults` says that it is one, `npm test` judges none. */
export const IS_QUIET = process.env['SHIPLOG_JUDGE_TIME'] === '1';

/** Has it taken no longer than that? */
export function expectWithin(tookMs: number, limitMs: number, what?: string): void {
  if (IS_QUIET) expect(tookMs, what).toBeLessThan(limitMs);
}

/** Milliseconds until `work` is done. */
export async function duration(work: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** What this process has computed so far, milliseconds. It stands still while other processes have the cores. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of computing until `work` is done. */
async function cost(work: () => unknown): Promise<number> {
  const startedMs = cpuMs();
  await work();
  return cpuMs() - startedMs;
}

const ROUNDS = 6;
/** Less cannot be measured, and says nothing about growth. */
const LEAST_MS = 0.5;

/**
 * Whether work on the long text costs at most `times` what it costs on the short one. Judged by the best of several
 * rounds of each, one after the other: what disturbs some of them (a collection of garbage, a cold cache) is no growth.
 */
export async function growsAtMost(times: number, short: () => unknown, long: () => unknown): Promise<boolean> {
  let shortMs = Number.POSITIVE_INFINITY;
  let longMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    shortMs = Math.min(shortMs, await cost(short));
    longMs = Math.min(longMs, await cost(long));
    if (round > 0 && longMs <= Math.max(shortMs, LEAST_MS) * times) return true;
  }
  return false;
}

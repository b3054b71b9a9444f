import { expect } from 'vitest';

/** Limits of time hold on a quiet machine: `npm run faults` says that it is one, `npm test` judges none. */
const IS_QUIET = process.env['SHIPLOG_JUDGE_TIME'] === '1';

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

import { describe, expect, it } from 'vitest';
import { rowsNamed, seedOf } from './matrix.ts';
import { play } from './scenario.ts';

/**
 * Sets and states, not times: those need a quiet machine. F1 in short is test/e2e/kill.test.ts; order and echoes have
 * tests of their own.
 */
const SHORT = ['F6a', 'F16', 'F18', 'F25'];

/** The part of `npm run faults` that every change must pass. Another seed every day; it stands in the name. */
const FIRST_SEED = Math.floor(Date.now() / 86_400_000);

describe('faults', () => {
  for (const row of rowsNamed(SHORT)) {
    if ('whyNot' in row) throw new Error(`${row.id} has no scenario`);
    const seed = seedOf(row, FIRST_SEED, 0);
    it(`${row.id} ${row.fault}: ${row.how} (seed ${seed})`, { timeout: 300_000 }, async () => {
      const { failures, notes } = await play(row.run, {
        seed,
        long: false,
        quiet: false,
        limitMs: 240_000,
        perSecond: 40,
        seconds: 3,
      });
      expect(failures, notes.join('\n')).toEqual([]);
    });
  }
});

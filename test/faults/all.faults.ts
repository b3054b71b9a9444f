import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MATRIX, rowsNamed, seedOf } from './matrix.ts';
import { play } from './scenario.ts';

const { FAULTS_ONLY = '', FAULTS_ROUNDS = '1', FAULTS_SEED = '1', FAULTS_LONG = '', FAULTS_RESULTS } = process.env;
const rows = FAULTS_ONLY ? rowsNamed(FAULTS_ONLY.split(',')) : MATRIX;
const long = FAULTS_LONG !== '';
const rounds = Number(FAULTS_ROUNDS);
const limitMs = long ? 2_400_000 : 300_000;
const CLEAN_UP_MS = 60_000;

/** One line of JSON a row and round, for scripts/faults.mjs. */
const report = (line: object) => {
  if (FAULTS_RESULTS) appendFileSync(FAULTS_RESULTS, `${JSON.stringify(line)}\n`);
};

describe('the fault matrix', () => {
  for (const row of rows) {
    const { id, fault, how, pass } = row;
    if ('whyNot' in row) {
      report({ id, fault, whyNot: row.whyNot });
      it.skip(`${id} ${fault}: ${row.whyNot}`);
      continue;
    }
    for (let round = 0; round < rounds; round += 1) {
      const seed = seedOf(row, Number(FAULTS_SEED), round);
      it(`${id} ${fault}: ${how} (seed ${seed})`, { timeout: limitMs + CLEAN_UP_MS }, async () => {
        const size = { seed, long, quiet: true, limitMs, perSecond: long ? 200 : 150, seconds: long ? 60 : 5 };
        const result = await play(row.run, size);
        report({ id, fault, pass, round, seed, ...result });
        expect(result.failures, result.notes.join('\n')).toEqual([]);
      });
    }
  }
});

import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

// The run itself takes minutes; a renamed function would otherwise be noticed only then.
it('npm run mutants finds every function and line that it names', () => {
  const mutants = execFileSync(process.execPath, ['scripts/mutants.mjs', '--list'], { encoding: 'utf8' });
  expect(mutants.split('\n').length).toBeGreaterThan(100);
});

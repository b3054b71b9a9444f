import { defineConfig } from 'vitest/config';
import ofTests from '../../vitest.config.ts';

const { oxc, resolve } = ofTests;

/** `npm run faults`: one scenario at a time, so that each has the machine for itself. */
export default defineConfig({
  ...(oxc !== undefined && { oxc }),
  ...(resolve && { resolve }),
  test: {
    environment: 'node',
    include: ['test/faults/*.faults.ts'],
    pool: 'forks',
    fileParallelism: false,
  },
});

import { defineConfig } from 'vitest/config';

/** `npm run faults`: one scenario at a time, so that each has the machine for itself. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/faults/*.faults.ts'],
    pool: 'forks',
    fileParallelism: false,
  },
});

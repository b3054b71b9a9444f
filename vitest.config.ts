import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Every test file is a process of its own: some kill, freeze and count processes.
    pool: 'forks',
    // The default leaves one core out, which is half of a small machine, and most tests wait rather than compute.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});

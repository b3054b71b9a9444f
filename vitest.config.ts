import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Folders whose tests start no bridge and share nothing by way of a module: one process runs many of their files. */
const PURE = ['domain', 'explain', 'outbound', 'sinks', 'sources', 'values', 'web'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  // package.json names what is built; tests read the source.
  oxc: { jsx: { runtime: 'automatic', importSource: '#web', development: false } },
  resolve: { alias: { '#web/jsx-runtime': new URL('src/web/jsx-runtime.ts', import.meta.url).pathname } },
  test: {
    environment: 'node',
    // Most tests wait rather than compute: for a process to start, a lease to end, a page to load.
    maxWorkers: 2 * availableParallelism(),
    // No test judges how long something took, and a busy machine is no failure: these only end what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    setupFiles: ['test/setup.ts'],
    unstubEnvs: true,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        // Every test file is a process of its own: some kill, freeze and count processes.
        test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: PURE, pool: 'forks' },
      },
    ],
  },
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose tests count, kill and freeze processes: every file of them is a process of its own. */
const ALONE = ['browser', 'deploy', 'faults', 'redis', 'scripts'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Files that wait for a minute: for a failover, for the lock of a killed worker to expire. */
const WAITING = [
  ...['e2e/quarantine', 'e2e/readiness', 'redis/topologies', 'faults/short', 'queue/limiter', 'e2e/kill'],
  ...['e2e/destinations', 'e2e/redis-away', 'e2e/replicas', 'queue/direct-recorder'],
];
/** Not the last to end: it computes for as long as others wait. */
const LONG = ['values/patterns'];

/** Starts them first: beside them the other files use the processor. By default, large files come first. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const first = [...WAITING, ...LONG];
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = first.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return rank < 0 ? first.length : rank;
    };
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: '#web', development: false } },
  test: {
    environment: 'node',
    // Most tests wait rather than compute: for a process to start, a lease to end, a page to load.
    maxWorkers: 3 * availableParallelism(),
    sequence: { sequencer: WaitingFirst },
    // No test judges how long something took, and a busy machine is no failure: these only end what hangs.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A test that checks nothing cannot fail: a loop over an empty list, a property without `expect`.
    expect: { requireAssertions: true, poll: { timeout: 60_000 } },
    setupFiles: ['test/setup.ts'],
    unstubEnvs: true,
    projects: [
      // One process runs many files: to load the bridge takes longer than most of them.
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose tests count, kill and freeze processes: every file of them is a process of its own. */
const ALONE = ['deploy', 'faults', 'redis', 'scripts'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Files that wait for a minute: for a failover, for the lock of a killed worker to expire. The longest first. */
const WAITING = [
  ...['e2e/quarantine', 'e2e/readiness', 'redis/topologies', 'queue/limiter', 'e2e/destinations', 'e2e/redis-away'],
  ...['queue/direct-recorder', 'redis/private-redis', 'e2e/replicas', 'faults/short', 'e2e/kill'],
];
/** So many of them start at once, and one more after so many other files: most workers always compute. */
const AT_FIRST = 2;
const EVERY = 5;

/** Large files first, as vitest does by default, with the waiting ones among them. */
class WaitingBesideComputing extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) =>
      WAITING.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    const waiting = files.filter((file) => rankOf(file) >= 0).sort((a, b) => rankOf(a) - rankOf(b));
    const computing = (await super.sort(files)).filter((file) => rankOf(file) < 0);
    const among = waiting.slice(AT_FIRST);
    const mixed = computing.flatMap((file, at) => {
      const next = at % EVERY === EVERY - 1 ? among.shift() : undefined;
      return next ? [file, next] : [file];
    });
    return [...waiting.slice(0, AT_FIRST), ...mixed, ...among];
  }
}

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: '#web', development: false } },
  test: {
    environment: 'node',
    // Most tests wait rather than compute: for a process to start, a lease to end, a page to load.
    maxWorkers: 3 * availableParallelism(),
    sequence: { sequencer: WaitingBesideComputing },
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

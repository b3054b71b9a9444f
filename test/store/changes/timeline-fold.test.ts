import { beforeEach, expect, it } from 'vitest';
import { lazyEntryOf } from '../../../src/domain/timeline-entry.ts';
import { createTimelineFold, type TimelineReads } from '../../../src/store/changes/timeline-fold.ts';

/** What happened when, newest first, and how many were read. */
let times: number[];
let version: number;
let read: number;
let nowMs: number;
/** Those that stand in the index alone. */
let without: ReadonlySet<number>;
let keysOfAll: () => Promise<readonly number[]>;

beforeEach(() => {
  times = Array.from({ length: 10_000 }, (_, at) => 20_000 - at);
  version = 1;
  read = 0;
  nowMs = 0;
  without = new Set();
  const deployments: TimelineReads = {
    version: async () => String(version),
    async timeline({ sinceMs = 0 }, limit = Number.POSITIVE_INFINITY) {
      const found = times.filter((atMs) => atMs >= sinceMs && !without.has(atMs)).slice(0, limit);
      read += found.length;
      return found.map((atMs) =>
        lazyEntryOf({
          atMs,
          key: String(atMs),
          state: 'succeeded',
          changeType: 'deployment',
          environment: { name: 'production' },
          service: 'pay',
        }),
      );
    },
    async list({ untilMs = Number.POSITIVE_INFINITY }) {
      return { total: times.filter((atMs) => atMs <= untilMs).length };
    },
  };
  keysOfAll = createTimelineFold<readonly number[]>(
    deployments,
    {
      of: (entries) => entries.map(({ atMs }) => atMs),
      merge: (newer, older) => [...newer, ...older],
    },
    () => nowMs,
  );
});

const change = (said: () => void) => {
  said();
  times.sort((a, b) => b - a);
  version += 1;
};

it('reads everything once, and then only the newest part', async () => {
  await keysOfAll();
  expect(read).toBe(10_000);
  read = 0;
  for (let at = 1; at <= 40; at++) {
    change(() => times.push(20_000 + at));
    expect(await keysOfAll()).toHaveLength(10_000 + at);
  }
  expect(read / 40).toBeLessThan(1_600);
  expect(await keysOfAll()).toEqual(times);
});

it('reads only the newest part even if some have no entry', async () => {
  without = new Set(times.filter((atMs) => atMs % 7 === 0));
  await keysOfAll();
  read = 0;
  change(() => times.push(20_003));
  await keysOfAll();
  expect(read).toBeLessThan(1_100);
});

it('reads nothing while nothing changes', async () => {
  await keysOfAll();
  read = 0;
  await keysOfAll();
  expect(read).toBe(0);
});

it('notices additions to the older part and deletions at once', async () => {
  await keysOfAll();
  change(() => times.push(10_500.5));
  expect(await keysOfAll()).toEqual(times);
  change(() => times.splice(9_000, 500));
  expect(await keysOfAll()).toEqual(times);
});

it('reads the older part again after a while if something has changed', async () => {
  await keysOfAll();
  change(() => times.splice(9_000, 1, times[9_000] ?? 0));
  await keysOfAll();
  read = 0;
  nowMs = 31_000;
  await keysOfAll();
  expect(read).toBe(10_000);
  nowMs = 62_000;
  await keysOfAll();
  expect(read).toBe(10_000);
});

it('computes the older part again when the newest has grown', async () => {
  await keysOfAll();
  change(() => times.push(...Array.from({ length: 6_000 }, (_, at) => 30_000 + at)));
  expect(await keysOfAll()).toEqual(times);
  read = 0;
  change(() => times.push(50_000));
  expect(await keysOfAll()).toEqual(times);
  expect(read).toBeLessThan(1_100);
});

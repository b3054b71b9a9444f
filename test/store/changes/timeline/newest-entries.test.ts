import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LazyTimelineEntry } from '../../../../src/domain/timeline-entry.ts';
import type { ChangeSelection } from '../../../../src/store/changes/search/filter.ts';
import type { EntryChange } from '../../../../src/store/changes/timeline/entry-changes.ts';
import { keepNewest } from '../../../../src/store/changes/timeline/newest-entries.ts';
import { lazyEntryOf } from '../../../support/lazy-entry.ts';

const LIMITS = { most: 12, least: 8, inBlock: 2 };

let stored: Map<string, LazyTimelineEntry>;
let log: EntryChange[];
/** How many entries were read from Redis. */
let reads: number;
let timeline: ReturnType<typeof keepNewest>;

const entryOf = (key: string, atMs: number) =>
  lazyEntryOf({
    ...{ key, atMs, state: 'succeeded', changeType: 'deployment', service: 'pay' },
    environment: { name: 'production' },
  });
const inOrder = (entries: Iterable<LazyTimelineEntry>) =>
  [...entries].sort((a, b) => b.atMs - a.atMs || (a.entry().key < b.entry().key ? -1 : 1));

/** As Redis has them. */
function read({ sinceMs = -1, untilMs = Number.POSITIVE_INFINITY }: ChangeSelection, limit: number) {
  const found = inOrder(stored.values()).filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs);
  return found.slice(0, limit);
}

function write(key: string, atMs: number | undefined): void {
  const before = stored.get(key);
  const after = atMs === undefined ? undefined : entryOf(key, atMs);
  if (after) stored.set(key, after);
  else stored.delete(key);
  log.push({ before, after });
}

function start(): void {
  stored = new Map();
  log = [];
  reads = 0;
  const source = {
    version: async () => String(log.length),
    changed: async (from: string, to: string) => log.slice(Number(from), Number(to)),
    async timeline(selection: ChangeSelection, limit = 100) {
      const found = read(selection, limit);
      reads += found.length;
      return found;
    },
  };
  timeline = keepNewest(source, () => 0, LIMITS);
}

beforeEach(start);

/** Those at one time have no order. */
const namesIn = (entries: readonly LazyTimelineEntry[]) =>
  inOrder(entries).map((lazy) => `${lazy.atMs} ${lazy.entry().key}`);

async function expectExact(selection: ChangeSelection, limit: number): Promise<void> {
  const found = await timeline(selection, limit);
  const expected = read(selection, limit);
  const oldest = expected.at(-1)?.atMs ?? 0;
  const sure = (all: readonly LazyTimelineEntry[]) => namesIn(all.filter(({ atMs }) => atMs > oldest));
  expect(found).toHaveLength(expected.length);
  expect(found.map(({ atMs }) => atMs)).toEqual(expected.map(({ atMs }) => atMs));
  expect(sure(found)).toEqual(sure(expected));
  if (expected.length < limit) expect(namesIn(found)).toEqual(namesIn(expected));
}

const aTime = fc.nat({ max: 20 });
const aSpan = fc.record({ sinceMs: aTime, untilMs: aTime }, { requiredKeys: [] });
const aStep = fc.oneof(
  { arbitrary: fc.tuple(fc.nat({ max: 25 }), aTime), weight: 6 },
  { arbitrary: fc.tuple(fc.nat({ max: 25 }), fc.constant(undefined)), weight: 2 },
  { arbitrary: fc.tuple(aSpan, fc.integer({ min: 1, max: 40 })), weight: 4 },
);

describe('the newest entries of the timeline, kept in memory', () => {
  it('are those of Redis, whatever came, moved or went, with any span and limit, with more than are kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 30, maxLength: 90 }), async (steps) => {
        start();
        for (const [what, how] of steps)
          if (typeof what === 'number') write(`job:${what}`, how);
          else await expectExact({ facets: {}, ...what }, how ?? 1);
        await expectExact({ facets: {} }, 100);
      }),
      { numRuns: 200 },
    );
  });

  it('are read once, and parts of them only until then', async () => {
    for (let at = 0; at < 10; at++) write(`job:${at}`, at);
    await expectExact({ facets: {}, sinceMs: 5 }, 100);
    expect(reads).toBe(5);
    await expectExact({ facets: {} }, 100);
    expect(reads).toBe(15);
    write('job:10', 4);
    await expectExact({ facets: {}, sinceMs: 3 }, 100);
    await expectExact({ facets: {} }, 100);
    expect(reads).toBe(15);
  });

  it('leave a filter to Redis', async () => {
    write('job:1', 1);
    await timeline({ facets: {} });
    await timeline({ facets: { environment: 'production' } });
    expect(reads).toBe(2);
  });
});

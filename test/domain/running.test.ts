import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { State } from '../../src/domain/change-record.ts';
import { byService, columnsOf, driftOf, mergePlaces, placesOf, slotsIn } from '../../src/domain/running.ts';
import { lazyEntryOf, type TimelineEntry } from '../../src/domain/timeline-entry.ts';

const mark = (over: Partial<TimelineEntry> & { atMs: number }): TimelineEntry => ({
  key: `changes:${over.atMs}`,
  state: 'succeeded',
  changeType: 'deployment',
  environment: { name: 'production' },
  service: 'pay-api',
  revision: `r${over.atMs}`,
  ...over,
});
const slots = (...marks: readonly TimelineEntry[]) =>
  slotsIn(placesOf(marks.toSorted((a, b) => b.atMs - a.atMs).map(lazyEntryOf)));

describe('what runs where', () => {
  it('is the newest that succeeded by its own time; what did not succeed replaces nothing and is shown beside it', () => {
    for (const state of ['pending', 'running', 'failed', 'canceled'] as const) {
      const [slot] = slots(mark({ atMs: 2 }), mark({ atMs: 1 }), mark({ atMs: 3, state }));
      expect(slot).toMatchObject({ current: { atMs: 2 }, attempt: { atMs: 3, state } });
    }
  });

  it('is still one that failed after it had succeeded: nothing took its place', () => {
    const degraded = mark({ atMs: 9, state: 'failed', ranSinceMs: 4 });
    expect(slots(mark({ atMs: 1 }), degraded)[0]).toMatchObject({ current: { atMs: 9, state: 'failed' } });
    expect(slots(mark({ atMs: 1 }), degraded)[0]?.attempt).toBeUndefined();
    expect(slots(degraded, mark({ atMs: 6, state: 'canceled' }))[0]).toMatchObject({ attempt: { atMs: 6 } });
    const overtaken = slots(mark({ atMs: 1 }), degraded, mark({ atMs: 6 }))[0];
    expect(overtaken?.history.map(({ atMs }) => atMs)).toEqual([6, 9, 1]);
  });

  it('shows no attempt that is older than what runs', () => {
    expect(slots(mark({ atMs: 2 }), mark({ atMs: 1, state: 'failed' }))[0]?.attempt).toBeUndefined();
  });

  it('knows a place in which nothing succeeded', () => {
    expect(slots(mark({ atMs: 1, state: 'failed' }))[0]).toMatchObject({ attempt: { atMs: 1 } });
    expect(slots(mark({ atMs: 1, state: 'failed' }))[0]?.current).toBeUndefined();
  });

  it('is not changed by a flag, a migration or a change of scale', () => {
    for (const changeType of [
      'feature_flag',
      'database_migration',
      'scaling',
      'config_change',
      'infrastructure',
    ] as const)
      expect(slots(mark({ atMs: 1 }), mark({ atMs: 2, changeType }))[0]?.current?.atMs).toBe(1);
    expect(slots(mark({ atMs: 1 }), mark({ atMs: 2, changeType: 'rollback' }))[0]?.current?.atMs).toBe(2);
  });

  it('takes names that differ in case for one', () => {
    expect(slots(mark({ atMs: 1, service: 'Pay-API' }), mark({ atMs: 2 }))).toHaveLength(1);
  });

  it('has one place for each service and environment, whatever came in what order', () => {
    const some = fc.record({
      atMs: fc.integer({ min: 1, max: 1_000 }),
      service: fc.constantFrom('pay-api', 'ledger', 'harbor'),
      environment: fc.constantFrom('production', 'staging', 'qa').map((name) => ({ name })),
      state: fc.constantFrom<State>('running', 'succeeded', 'failed'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(some, { selector: ({ atMs }) => atMs }), (all) => {
        const marks = all.map(mark);
        for (const { service, environment, current } of slots(...marks)) {
          const there = marks.filter((one) => one.service === service && one.environment.name === environment.name);
          const best = there.filter(({ state }) => state === 'succeeded').toSorted((a, b) => b.atMs - a.atMs)[0];
          expect(current?.key).toBe(best?.key);
        }
      }),
    );
  });
});

describe('drift', () => {
  const staging = { environment: { name: 'staging' } };
  const drift = (...marks: readonly TimelineEntry[]) => {
    const own = [...byService(slots(...marks)).values()][0] ?? [];
    const slot = own.find(({ environment }) => environment.name === 'staging');
    return slot && driftOf(slot, own);
  };

  it('counts the deployments by which staging is ahead of production', () => {
    const same = mark({ atMs: 1, revision: 'a', ...staging });
    const found = drift(
      same,
      mark({ atMs: 2, revision: 'a' }),
      mark({ atMs: 3, revision: 'b', ...staging }),
      mark({ atMs: 4, revision: 'c', ...staging }),
    );
    expect(found).toMatchObject({ which: 'ahead', deployments: 2, from: { environment: { name: 'production' } } });
  });

  it('counts those by which it is behind', () => {
    const found = drift(
      mark({ atMs: 1, revision: 'a', ...staging }),
      mark({ atMs: 2, revision: 'a' }),
      mark({ atMs: 3, revision: 'b' }),
    );
    expect(found).toMatchObject({ which: 'behind', deployments: 1 });
  });

  it('says that both run the same, or that nobody knows', () => {
    expect(drift(mark({ atMs: 1, revision: 'a', ...staging }), mark({ atMs: 2, revision: 'a' }))?.which).toBe('same');
    expect(drift(mark({ atMs: 1, revision: 'a', ...staging }), mark({ atMs: 2, revision: 'b' }))?.which).toBe(
      'unknown',
    );
    expect(drift(mark({ atMs: 1, ...staging }))).toBeUndefined();
  });
});

it('the columns are production first, and none for environments that come and go', () => {
  const names = ['qa', 'review/a', 'production', 'review/b', 'staging', 'production-eu'];
  const all = slots(...names.map((name, index) => mark({ atMs: index + 1, environment: { name } })));
  expect(columnsOf(all)).toEqual({ names: ['production', 'production-eu', 'staging', 'qa'], folded: 2 });
});

it('is the same whether all is read at once or in two parts', () => {
  const anEntry = fc.record({
    state: fc.constantFrom<State>('succeeded', 'failed', 'running'),
    service: fc.constantFrom('pay-api', 'Pay-API', 'ledger'),
    environment: fc.constantFrom({ name: 'production' }, { name: 'staging' }),
    revision: fc.constantFrom('a', 'b', 'c'),
  });
  fc.assert(
    fc.property(fc.array(anEntry, { maxLength: 80 }), fc.nat({ max: 80 }), (entries, at) => {
      const all = entries.map((entry, index) => lazyEntryOf(mark({ atMs: 1_000 - index, ...entry })));
      const merged = mergePlaces(placesOf(all.slice(0, at)), placesOf(all.slice(at)));
      expect(merged).toEqual(placesOf(all));
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeType, State } from '../../src/domain/change-record.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { applyToPlaces, type Places, placesOf } from '../../src/domain/places.ts';
import { byService, columnsOf, driftOf, runningStatusIn, type Slot, slotsIn } from '../../src/domain/running.ts';
import { qualifierOf, serviceKeyOf } from '../../src/domain/service.ts';
import { lineageOf } from '../../src/domain/succession.ts';
import { type TimelineEntry, timelineEntryOf } from '../../src/domain/timeline-entry.ts';
import { aDeployment } from '../support/deployment.ts';
import { lazyEntryOf } from '../support/lazy-entry.ts';

const mark = (over: Partial<TimelineEntry> & { atMs: number }): TimelineEntry => ({
  key: `changes:${over.atMs}`,
  state: 'succeeded',
  changeType: 'deployment',
  environment: { name: 'production' },
  service: 'pay-api',
  revision: `r${over.atMs}`,
  ...over,
});
const slots = async (...marks: readonly TimelineEntry[]) =>
  slotsIn(await placesOf(marks.toSorted((a, b) => b.atMs - a.atMs).map(lazyEntryOf)));

describe('what runs where', () => {
  it('is the newest success by its own time; other attempts replace nothing and are shown beside it', async () => {
    for (const state of ['pending', 'running', 'failed', 'canceled'] as const) {
      const [slot] = await slots(mark({ atMs: 2 }), mark({ atMs: 1 }), mark({ atMs: 3, state }));
      expect(slot).toMatchObject({ current: { atMs: 2 }, attempt: { atMs: 3, state } });
    }
  });

  it('is still a deployment that failed after it had succeeded: nothing replaced it', async () => {
    const degraded = mark({ atMs: 9, state: 'failed', ranSinceMs: 4 });
    expect((await slots(mark({ atMs: 1 }), degraded))[0]).toMatchObject({ current: { atMs: 9, state: 'failed' } });
    expect((await slots(mark({ atMs: 1 }), degraded))[0]?.attempt).toBeUndefined();
    expect((await slots(degraded, mark({ atMs: 6, state: 'canceled' })))[0]).toMatchObject({ attempt: { atMs: 6 } });
    const overtaken = (await slots(mark({ atMs: 1 }), degraded, mark({ atMs: 6 })))[0];
    expect(overtaken?.history.map(({ atMs }) => atMs)).toEqual([6, 9, 1]);
  });

  it('shows no attempt that is older than what runs', async () => {
    expect((await slots(mark({ atMs: 2 }), mark({ atMs: 1, state: 'failed' })))[0]?.attempt).toBeUndefined();
  });

  it('includes a slot in which nothing succeeded', async () => {
    expect((await slots(mark({ atMs: 1, state: 'failed' })))[0]).toMatchObject({ attempt: { atMs: 1 } });
    expect((await slots(mark({ atMs: 1, state: 'failed' })))[0]?.current).toBeUndefined();
  });

  it('is not changed by a feature flag, a migration or scaling', async () => {
    for (const changeType of [
      'feature_flag',
      'database_migration',
      'scaling',
      'config_change',
      'infrastructure',
    ] as const)
      expect((await slots(mark({ atMs: 1 }), mark({ atMs: 2, changeType })))[0]?.current?.atMs).toBe(1);
    expect((await slots(mark({ atMs: 1 }), mark({ atMs: 2, changeType: 'rollback' })))[0]?.current?.atMs).toBe(2);
  });

  it('ignores the case of names', async () => {
    expect(await slots(mark({ atMs: 1, service: 'Pay-API' }), mark({ atMs: 2 }))).toHaveLength(1);
  });

  it('has one slot for each service and environment, whatever the order of arrival', async () => {
    const some = fc.record({
      atMs: fc.integer({ min: 1, max: 1_000 }),
      service: fc.constantFrom('pay-api', 'ledger', 'harbor'),
      environment: fc.constantFrom('production', 'staging', 'qa').map((name) => ({ name })),
      state: fc.constantFrom<State>('running', 'succeeded', 'failed'),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(some, { selector: ({ atMs }) => atMs }), async (all) => {
        const marks = all.map(mark);
        for (const { service, environment, current } of await slots(...marks)) {
          const there = marks.filter((one) => one.service === service && one.environment.name === environment.name);
          const best = there.filter(({ state }) => state === 'succeeded').toSorted((a, b) => b.atMs - a.atMs)[0];
          expect(current?.key).toBe(best?.key);
        }
      }),
    );
  });
});

describe('two services with one name', () => {
  const teams = ['harbor/api', 'beacon/api', undefined];
  const anyDeployment = fc
    .record({
      atMs: fc.integer({ min: 1, max: 1_000 }),
      key: fc.constantFrom('changes', 'team-b@changes'),
      repository: fc.constantFrom(...teams),
      service: fc.constantFrom('api', 'Api', 'ledger'),
      serviceId: fc.constantFrom('svc_1', 'svc_2', undefined),
      job: fc.constantFrom('deploy-cart', 'deploy-pay', 'deploy', undefined),
      environment: fc.constantFrom('production', 'staging'),
      state: fc.constantFrom<State>('running', 'succeeded', 'failed', 'canceled'),
      changeType: fc.constantFrom('deployment' as const, 'rollback' as const, 'feature_flag' as const),
    })
    .map(({ atMs, key, repository, serviceId, job, environment, ...said }) =>
      aDeployment({
        ...said,
        key: `${key}:${atMs}`,
        occurredAt: new Date(atMs).toISOString(),
        environment: { name: environment },
        ...(serviceId && { serviceId }),
        ...(job && { job }),
        ...(repository ? { repository: { name: repository } } : { repository: undefined }),
      }),
    );
  const newestFirst = (a: Deployment, b: Deployment) => b.occurredAt.localeCompare(a.occurredAt);
  const anySet = fc.uniqueArray(anyDeployment, { selector: ({ occurredAt }) => occurredAt, maxLength: 60 });

  it('each have a slot of their own, with their newest success', async () => {
    await fc.assert(
      fc.asyncProperty(anySet, async (all) => {
        const places = await placesOf(all.toSorted(newestFirst).map(timelineEntryOf).map(lazyEntryOf));
        const putsVersion = all.filter(({ changeType }) => changeType !== 'feature_flag');
        const expected = new Map<string, Deployment>();
        for (const one of putsVersion.filter(({ state }) => state === 'succeeded').toSorted(newestFirst))
          if (!expected.has(lineageOf(one))) expected.set(lineageOf(one), one);
        const current = slotsIn(places).flatMap((slot) => slot.current?.key ?? []);
        expect(current.sort()).toEqual([...expected.values()].map(({ key }) => key).sort());
        const statusOf = runningStatusIn(places);
        for (const one of expected.values()) expect(statusOf(one)).toEqual({ isCurrent: true });
        for (const one of all) {
          const next = all.find(({ key }) => key === statusOf(one)?.next?.key);
          if (next) expect(lineageOf(next)).toBe(lineageOf(one));
        }
      }),
    );
  });

  it('are never in one row, and one service is never in two rows', async () => {
    await fc.assert(
      fc.asyncProperty(anySet, async (all) => {
        const places = await placesOf(all.toSorted(newestFirst).map(timelineEntryOf).map(lazyEntryOf));
        const rows = byService(slotsIn(places));
        const keysIn = (own: readonly Slot[]) =>
          own.flatMap(({ history, attempt }) => [...history, attempt ?? []].flat().map(({ key }) => key));
        const servicesIn = (own: readonly Slot[]) =>
          new Set(all.filter(({ key }) => keysIn(own).includes(key)).map(serviceKeyOf));
        const found = [...rows.values()].map(servicesIn);
        for (const services of found) expect(services.size).toBe(1);
        expect(new Set(found.flatMap((one) => [...one])).size).toBe(rows.size);
      }),
    );
  });

  it('are distinguished by what their names do not say', async () => {
    const said = (over: Partial<Deployment>) => qualifierOf(aDeployment({ service: 'api', ...over }));
    expect(said({ repository: { name: 'harbor/api' } })).toBe('harbor/api');
    expect(said({ repository: { name: 'harbor/api' }, job: 'deploy-cart' })).toBe('harbor/api, cart');
    expect(said({ repository: { name: 'harbor/mono' }, serviceId: 'svc_1' })).toBe('harbor/mono, svc_1');
    expect(said({ repository: undefined, key: 'changes:1' })).toBe('no repository');
    expect(said({ repository: undefined, key: 'team-b@changes:1' })).toBe('team-b');
  });

  it('leave a deployment of 0.1.0 to the only service of its name, else to a slot of its own', async () => {
    const [old, first, second] = [
      mark({ atMs: 1 }),
      mark({ atMs: 2, identity: 'a' }),
      mark({ atMs: 3, identity: 'b' }),
    ];
    expect(await slots(old, first)).toMatchObject([{ serviceKey: 'a', history: [{ atMs: 2 }, { atMs: 1 }] }]);
    expect(await slots(mark({ atMs: 4, state: 'failed' }), first, old)).toMatchObject([{ attempt: { atMs: 4 } }]);
    expect((await slots(old, first, second)).map(({ current }) => current?.atMs)).toEqual([3, 2, 1]);
    const statusOf = runningStatusIn(await placesOf([second, first, old].map(lazyEntryOf)));
    const shown = aDeployment({ key: old.key, service: 'pay-api', occurredAt: new Date(old.atMs).toISOString() });
    expect(statusOf(shown)).toEqual({ isCurrent: true });
  });
});

describe('drift', () => {
  const staging = { environment: { name: 'staging' } };
  const drift = async (...marks: readonly TimelineEntry[]) => {
    const own = [...byService(await slots(...marks)).values()][0] ?? [];
    const slot = own.find(({ environment }) => environment.name === 'staging');
    return slot && driftOf(slot, own);
  };

  it('counts by how many deployments staging is ahead of production', async () => {
    const same = mark({ atMs: 1, revision: 'a', ...staging });
    const found = await drift(
      same,
      mark({ atMs: 2, revision: 'a' }),
      mark({ atMs: 3, revision: 'b', ...staging }),
      mark({ atMs: 4, revision: 'c', ...staging }),
    );
    expect(found).toMatchObject({ which: 'ahead', deployments: 2, from: { environment: { name: 'production' } } });
  });

  it('counts by how many it is behind', async () => {
    const found = await drift(
      mark({ atMs: 1, revision: 'a', ...staging }),
      mark({ atMs: 2, revision: 'a' }),
      mark({ atMs: 3, revision: 'b' }),
    );
    expect(found).toMatchObject({ which: 'behind', deployments: 1 });
  });

  it('reports that both run the same, or that it is unknown', async () => {
    expect((await drift(mark({ atMs: 1, revision: 'a', ...staging }), mark({ atMs: 2, revision: 'a' })))?.which).toBe(
      'same',
    );
    expect((await drift(mark({ atMs: 1, revision: 'a', ...staging }), mark({ atMs: 2, revision: 'b' })))?.which).toBe(
      'unknown',
    );
    expect(await drift(mark({ atMs: 1, ...staging }))).toBeUndefined();
  });
});

it('the columns begin with production, and short-lived environments have none', async () => {
  const names = ['qa', 'review/a', 'production', 'review/b', 'staging', 'production-eu'];
  const all = await slots(...names.map((name, index) => mark({ atMs: index + 1, environment: { name } })));
  expect(columnsOf(all)).toEqual({ names: ['production', 'production-eu', 'staging', 'qa'], folded: 2 });
});

describe('the places after changes', () => {
  const anEntry = fc.record({
    atMs: fc.integer({ min: 1, max: 12 }),
    state: fc.constantFrom<State>('succeeded', 'failed', 'running'),
    changeType: fc.constantFrom<ChangeType>('deployment', 'rollback', 'scaling'),
    service: fc.constantFrom('pay-api', 'Pay-API', 'ledger'),
    of: fc.constantFrom<Partial<TimelineEntry>>({ identity: 'a' }, { identity: 'b' }, {}),
    environment: fc.constantFrom({ name: 'production' }, { name: 'staging' }),
    revision: fc.constantFrom('a', 'b', 'c'),
  });
  const entryOf = (key: string, { of, ...fields }: typeof anEntry extends fc.Arbitrary<infer Made> ? Made : never) =>
    mark({ ...fields, ...of, key });
  const inOrder = (all: ReadonlyMap<string, TimelineEntry>) =>
    [...all.values()].sort((a, b) => b.atMs - a.atMs).map(lazyEntryOf);

  it('are those of all entries read again, whatever came, moved, changed and went', async () => {
    const aChange = fc.record({ key: fc.integer({ min: 0, max: 30 }).map(String), entry: fc.option(anEntry) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(aChange, { maxLength: 4 }), { maxLength: 25 }), async (batches) => {
        const all = new Map<string, TimelineEntry>();
        let places = await placesOf([]);
        for (const batch of batches) {
          const changes = batch.map(({ key, entry }) => {
            const before = all.get(key);
            const after = entry ? entryOf(key, entry) : undefined;
            if (after) all.set(key, after);
            else all.delete(key);
            return { before: before && lazyEntryOf(before), after: after && lazyEntryOf(after) };
          });
          places = applyToPlaces(places, changes) ?? (await placesOf(inOrder(all)));
          const read = await placesOf(inOrder(all));
          expect(new Map([...places].sort())).toEqual(new Map([...read].sort()));
          expect(slotsIn(places).length).toBe(slotsIn(read).length);
        }
      }),
    );
  });

  it('are read again when of more than are kept too few are left, or one is missing', async () => {
    const failed = Array.from({ length: 12 }, (_, at) => lazyEntryOf(mark({ atMs: 12 - at, state: 'failed' })));
    let places: Places | undefined = await placesOf(failed);
    const reads: number[] = [];
    for (const [at, before] of failed.entries()) {
      if (places) places = applyToPlaces(places, [{ before }]);
      if (places) continue;
      reads.push(at);
      places = await placesOf(failed.slice(at + 1));
    }
    expect(reads).toEqual([9]);
    expect(places).toEqual(new Map());
    expect(applyToPlaces(await placesOf(failed.slice(0, 2)), [{ before: failed[5] }])).toBeUndefined();
  });

  it('do not take in what is older than all that are kept of more', async () => {
    const ran = Array.from({ length: 600 }, (_, at) => lazyEntryOf(mark({ atMs: 1_000 - at })));
    const places = await placesOf(ran);
    expect(applyToPlaces(places, [{ after: lazyEntryOf(mark({ atMs: 5 })) }])).toEqual(places);
  });
});

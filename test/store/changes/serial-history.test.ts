import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { SerialResult } from '../../../src/domain/serial-document.ts';
import { argocd } from '../../../src/sources/argocd/index.ts';
import { createSerialHistory, type SerialHistory } from '../../../src/store/changes/serial-history.ts';
import { aRecord } from '../../support/records.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();

const MINUTE_MS = 60_000;
const NOON_MS = Date.parse('2026-05-04T12:00:00Z');
const timeOf = (minutes: number) => new Date(NOON_MS + minutes * MINUTE_MS).toISOString();

const source = argocd.parse({ type: 'argocd', secrets: ['harbor-master-of-the-lighthouse'] });
/** Syncs of one app, ten minutes apart; the number of each in the history is one less. Three were made before it was subscribed. */
const FIRST = 4;
const LAST = 9;

type Word = 'running' | 'succeeded' | 'failed';
interface Told {
  readonly event: Word;
  readonly sync: number;
}

/** Whether the history says when each deployment started: since Argo CD 2.11, and with the template of today. */
interface Tool {
  readonly saysStarts: boolean;
  readonly app?: string;
  /** Syncs that failed are in no history. */
  readonly failed?: readonly number[];
}

function notification({ event, sync }: Told, { saysStarts, app = 'lighthouse-api', failed = [] }: Tool) {
  const deployed = Array.from({ length: sync }, (_, index) => index + 1).filter(
    (one) => !failed.includes(one) && (one < sync || event === 'succeeded'),
  );
  return {
    schema: 'shiplog/argocd/v1',
    event,
    sent_at: timeOf(sync * 10 + 2),
    app: { name: app, namespace: 'argocd', uid: `uid-of-${app}`, annotations: { 'shiplog/environment': 'production' } },
    operation: {
      phase: { running: 'Running', succeeded: 'Succeeded', failed: 'Failed' }[event],
      started_at: timeOf(sync * 10),
      finished_at: event === 'running' ? null : timeOf(sync * 10 + 1),
      username: 'mira',
    },
    revision: shaOf(sync),
    sources: [{ repo_url: 'https://gitlab.harbor.example/harbor/lighthouse-api.git', path: 'deploy' }],
    health: { status: 'Healthy', since: timeOf(-60) }, // all the time: whatever was applied was well
    history: deployed.map((one, index) => ({
      id: index,
      revision: shaOf(one),
      deployed_at: timeOf(one * 10 + 1),
      started_at: saysStarts ? timeOf(one * 10) : null,
    })),
  };
}

const shaOf = (sync: number) => String(sync).padStart(40, 'a');

function recordsOf(told: Told, tool: Tool): ChangeRecord[] {
  const receivedAt = new Date(NOON_MS + 24 * 60 * MINUTE_MS);
  const webhook = {
    id: 'w',
    method: 'POST',
    path: '/webhooks/argocd',
    headers: {},
    body: Buffer.alloc(0),
    receivedAt,
  };
  const mapped = source.map(notification(told, tool), webhook);
  return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
}

/** What the worker does with notifications, one after the other. */
function createLog(serials: SerialHistory) {
  const known = new Map<string, Map<string, ChangeRecord>>();
  return {
    async tell(told: Told, tool: Tool) {
      const asked = recordsOf(told, tool);
      const { results, concluded } = await serials.assign(asked);
      expect(await serials.assign(asked)).toEqual({ results, concluded }); // the first run may have been killed
      for (const placed of [...results.flatMap(recordIn), ...concluded]) {
        const records = known.get(placed.deployment) ?? new Map();
        known.set(placed.deployment, records.set(placed.id, placed));
      }
    },
    deployments: () => [...known].map(([key, records]) => fold(key, [...records.values()])),
    /** Which syncs are recorded, by the minute in which they started or ended, and how they stand. */
    syncs() {
      const syncOf = (at: string) => Math.floor((Date.parse(at) - NOON_MS) / MINUTE_MS / 10);
      return this.deployments()
        .map(({ startedAt, occurredAt, state }) => `${syncOf(startedAt ?? occurredAt)} ${state}`)
        .sort();
    },
  };
}

const recordIn = (result: SerialResult) => (result.kind === 'assigned' ? [result.record] : []);

function open() {
  const serials = createSerialHistory(redis, 400);
  /** Where one record belongs; undefined when it adds nothing. */
  const placeOne = async (record: ChangeRecord) => (await serials.assign([record])).results.flatMap(recordIn)[0];
  return { ...serials, placeOne };
}
const succeeded = (sync: number): Told => ({ event: 'succeeded', sync });
const running = (sync: number): Told => ({ event: 'running', sync });

/** One deployment of an app called buoy, as a test puts it together. */
function buoy(minutes: number, said: Partial<NewChangeRecord> = {}) {
  const at = { startedAt: timeOf(minutes), occurredAt: timeOf(minutes + 1), finishedAt: timeOf(minutes + 1) };
  return aRecord({ deployment: `argocd:buoy:${timeOf(minutes)}`, ...at, history: { of: 'buoy', newest: 3 }, ...said });
}

function readFromHistory(id: number, deployedAt: number, after?: number) {
  const { startedAt: _, ...record } = buoy(deployedAt - 1, { deployment: `argocd:buoy:history:${id}` });
  const history = { of: 'buoy', id, newest: 9, recovered: true as const, ...(after && { after: timeOf(after) }) };
  return { ...record, history };
}

/** The places of what is reported of one app. Names are short: 10 is the sync that began in that minute, #4 the number 4. */
function openBuoy() {
  const serials = open();
  const place = async (name: string, said: Partial<NewChangeRecord>, history: Partial<ChangeRecord['history']>) => {
    const record = aRecord({
      deployment: `argocd:buoy:${name}`,
      ...said,
      history: { of: 'buoy', newest: 3, ...history },
    });
    return (await serials.placeOne(record))?.deployment.replace('argocd:buoy:', '');
  };
  return {
    place,
    /** A notification: of a sync that runs, succeeded (with its number, if it is in the history) or failed. */
    tell(start: number, state: Word, { end = start + 1, id }: { end?: number; id?: number } = {}) {
      const over = state === 'running' ? start : end;
      const times = {
        startedAt: timeOf(start),
        occurredAt: timeOf(over),
        ...(over !== start && { finishedAt: timeOf(over) }),
      };
      return place(String(start), { state, ...times }, id === undefined ? {} : { id });
    },
    /** A number in the history, when it was deployed, and what else the history says. */
    read(id: number, deployedAt: number, { start, after }: { start?: number; after?: number } = {}) {
      const said = { occurredAt: timeOf(deployedAt), ...(start !== undefined && { startedAt: timeOf(start) }) };
      return place(`#${id}`, said, {
        id,

        recovered: true,
        ...(after !== undefined && { after: timeOf(after) }),
      });
    },
  };
}

let buoys: ReturnType<typeof openBuoy>;
beforeEach(() => {
  buoys = openBuoy();
});

describe('a number that is read from the history', () => {
  it('belongs to the last sync that began before it', async () => {
    await buoys.tell(10, 'running');
    await buoys.tell(20, 'running');
    expect(await buoys.read(4, 25)).toBe('20');
    expect(await buoys.read(4, 25)).toBe('20');
  });

  it('belongs to a sync that began at that very moment only when there is no other', async () => {
    await buoys.tell(20, 'running');
    expect(await buoys.read(4, 20)).toBe('20');
    await redis.flushall();
    await buoys.tell(10, 'running');
    await buoys.tell(20, 'running');
    expect(await buoys.read(4, 20)).toBe('10');
  });

  it('belongs to no sync that failed, and not to the next one then', async () => {
    await buoys.tell(10, 'failed', { end: 15 });
    expect(await buoys.read(4, 12)).toBe('#4');
    await redis.flushall();
    await buoys.tell(10, 'failed', { end: 15 });
    await buoys.tell(20, 'running');
    expect(await buoys.read(4, 20)).toBe('#4');
  });

  it('belongs to no sync that began and failed at that very moment', async () => {
    await buoys.tell(20, 'failed', { end: 21 });
    expect(await buoys.read(4, 20)).toBe('#4');
  });

  it('is known when it belongs to a sync that succeeded, and is another one when it came after its end', async () => {
    await buoys.tell(10, 'succeeded');
    expect(await buoys.read(4, 11)).toBeUndefined();
    expect(await buoys.read(4, 11)).toBeUndefined();
    await redis.flushall();
    await buoys.tell(10, 'succeeded');
    expect(await buoys.read(4, 12)).toBe('#4');
  });

  it('belongs to no sync that has another number', async () => {
    await buoys.tell(10, 'succeeded', { end: 20, id: 6 });
    expect(await buoys.read(5, 15)).toBe('#5');
    await redis.flushall();
    await buoys.tell(10, 'succeeded', { end: 20 });
    expect(await buoys.read(5, 15)).toBeUndefined();
    expect(await buoys.read(4, 12)).toBe('#4');
  });

  it('began when the number before it was deployed, or later', async () => {
    await buoys.tell(10, 'succeeded', { end: 20, id: 4 });
    await buoys.tell(20, 'running');
    expect(await buoys.read(5, 25)).toBe('20');
  });

  it('is not a sync that began before the number before it, whose own notifications were lost', async () => {
    await buoys.tell(10, 'running');
    await buoys.read(4, 30, { start: 25 });
    expect(await buoys.read(5, 40)).toBe('#5');
  });

  it('is found although the start of its sync is reported after the end', async () => {
    await buoys.tell(10, 'succeeded');
    await buoys.tell(10, 'running');
    expect(await buoys.read(4, 11)).toBeUndefined();
  });

  it('may have begun before a later number', async () => {
    await buoys.tell(10, 'running');
    await buoys.tell(30, 'succeeded', { id: 6 });
    expect(await buoys.read(5, 25)).toBe('10');
  });

  it('belongs to the sync whose start it says, or to none', async () => {
    await buoys.tell(10, 'running');
    expect(await buoys.read(4, 20, { start: 9 })).toBe('#4');
    expect(await buoys.read(5, 20, { start: 10 })).toBe('10');
  });

  it('is the past up to the highest one at the first notification, unless a sync was reported', async () => {
    await buoys.tell(10, 'running');
    expect(await buoys.read(3, 5)).toBeUndefined();
    expect(await buoys.read(4, 6)).toBe('#4');
    expect(await buoys.read(2, 12)).toBe('10');
  });

  it('is reported once its sync is', async () => {
    await buoys.tell(10, 'running', { id: 4 });
    expect(await buoys.read(4, 11)).toBe('10');
    await buoys.tell(10, 'succeeded', { id: 4 });
    expect(await buoys.read(4, 11)).toBeUndefined();
  });
});

describe('a sync that is reported after a number was read', () => {
  it.each([
    ['before it was deployed', 10, '#4'],
    ['at that very moment', 20, '#4'],
    ['later', 21, '21'],
  ])('and began %s', async (_, start, expected) => {
    expect(await buoys.read(4, 20)).toBe('#4');
    expect(await buoys.tell(start, 'running')).toBe(expected);
    expect(await buoys.tell(start, 'succeeded')).toBe(expected);
    expect(await buoys.tell(start, 'running')).toBe(expected);
  });

  it('is that number, however late it is read', async () => {
    await buoys.tell(10, 'running');
    expect(await buoys.read(4, 20, { after: 15 })).toBe('#4');
    expect(await buoys.tell(10, 'succeeded', { id: 4 })).toBe('#4');
    expect(await buoys.tell(10, 'running')).toBe('#4');
  });

  it('is not one that was reported, that says another start, or that another sync has', async () => {
    await buoys.tell(10, 'succeeded', { end: 20, id: 4 });
    await buoys.read(5, 30);
    expect(await buoys.tell(15, 'running')).toBe('15');
    await redis.flushall();
    await buoys.read(4, 20, { start: 12 });
    expect(await buoys.tell(10, 'running')).toBe('10');
    await redis.flushall();
    await buoys.tell(10, 'running');
    expect(await buoys.read(4, 20)).toBe('10');
    expect(await buoys.tell(15, 'running')).toBe('15');
  });

  it('is one of two numbers by the time of its start', async () => {
    await buoys.read(4, 12);
    await buoys.read(5, 30);
    expect(await buoys.tell(20, 'running')).toBe('#5');
    expect(await buoys.tell(11, 'running')).toBe('#4');
  });

  it('began no earlier than the number before it was deployed', async () => {
    await buoys.read(5, 30, { after: 15 });
    expect(await buoys.tell(14, 'running')).toBe('14');
    expect(await buoys.tell(15, 'running')).toBe('#5');
  });

  it.each([
    [20, '10'],
    [30, '10'],
    [5, '#4'],
    [40, '#4'],
  ])('and one that failed in minute %i: the one of minute 10 is %s', async (failed, expected) => {
    await buoys.read(4, 30);
    expect(await buoys.tell(failed, 'failed')).toBe(String(failed));
    expect(await buoys.tell(10, 'running')).toBe(expected);
  });

  it('gives the number back when it failed', async () => {
    await buoys.read(4, 30);
    expect(await buoys.tell(20, 'running')).toBe('#4');
    expect(await buoys.tell(20, 'failed')).toBe('20');
    expect(await buoys.tell(25, 'running')).toBe('#4');
  });

  it('is itself when it was a partial one, was known to be over, or has a number of its own', async () => {
    await buoys.read(4, 20);
    expect(await buoys.tell(10, 'succeeded')).toBe('10');
    await redis.flushall();
    await buoys.tell(10, 'failed');
    await buoys.read(4, 20);
    expect(await buoys.tell(10, 'running')).toBe('10');
    await redis.flushall();
    await buoys.read(5, 30);
    expect(await buoys.tell(10, 'running', { id: 4 })).toBe('10');
  });
});

describe('a sync that says its number', () => {
  it.each([
    [10, '#4'],
    [11, '#4'],
    [12, '12'],
  ])(
    'and began in minute %i is %s when that was deployed in minute 11: numbers begin anew with a new app',
    async (start, expected) => {
      await buoys.read(4, 11);
      expect(await buoys.tell(start, 'succeeded', { id: 4 })).toBe(expected);
      expect(await buoys.read(4, 11)).toBeUndefined();
    },
  );

  it('is the one that was read when both say the same start', async () => {
    await buoys.read(4, 20, { start: 10 });
    expect(await buoys.tell(12, 'succeeded', { id: 4 })).toBe('12');
    await redis.flushall();
    await buoys.read(4, 20, { start: 10 });
    expect(await buoys.tell(10, 'succeeded', { id: 4 })).toBe('#4');
  });

  it('and no start is the one that was read under the same key', async () => {
    await buoys.read(4, 20);
    expect(await buoys.place('#4', { state: 'succeeded' }, { id: 4 })).toBe('#4');
    expect(await buoys.place('other', { state: 'succeeded' }, { id: 4 })).toBe('other');
  });

  it('and neither start nor end is completed by who knows them', async () => {
    expect(await buoys.place('four', { state: 'running' }, { id: 4 })).toBe('four');
    expect(await buoys.read(5, 30)).toBe('#5');
    expect(await buoys.tell(10, 'succeeded', { id: 4 })).toBe('four');
  });
});

describe('a number without a start', () => {
  it('is not the sync that was reported before the number before it', async () => {
    const serials = open();
    await serials.placeOne(buoy(10, { state: 'running' }));
    const placed = await serials.placeOne(readFromHistory(5, 40, 30));
    expect(placed?.deployment).toBe('argocd:buoy:history:5');
    const joined = await serials.placeOne(readFromHistory(4, 30));
    expect(joined?.deployment).toBe(buoy(10).deployment);
  });

  it('is not a partial sync that was over before it, and is one that was reported without its number', async () => {
    const serials = open();
    await serials.placeOne(buoy(10));
    expect(await serials.placeOne(readFromHistory(4, 11))).toBeUndefined();
    expect((await serials.placeOne(readFromHistory(5, 20)))?.deployment).toBe('argocd:buoy:history:5');
  });

  it('leaves a late failure to the sync that failed', async () => {
    const serials = open();
    await serials.placeOne(buoy(5, { history: { of: 'buoy', id: 3, newest: 3 } }));
    await serials.placeOne(readFromHistory(4, 30));
    const late = buoy(20, { state: 'running' });
    expect((await serials.placeOne(late))?.deployment).toBe('argocd:buoy:history:4');
    const failed = buoy(20, { state: 'failed' });
    expect((await serials.placeOne(failed))?.deployment).toBe(failed.deployment);
  });
});

/** The deployment with this number in the history of `buoy`. */
function startedOnce(id: number): ChangeRecord {
  const startedAt = timeOf(id * 10);
  const at = { startedAt, occurredAt: timeOf(id * 10 + 1), finishedAt: timeOf(id * 10 + 1) };
  return aRecord({ deployment: `argocd:buoy:${startedAt}`, ...at, history: { of: 'buoy', id, newest: id } });
}

describe('the memory of gaps', () => {
  it('gives a late notification the deployment that was recovered for it, under one id and findable by its own key', async () => {
    const serials = open();
    const tool = { saysStarts: false };
    for (const told of [succeeded(4), succeeded(6)])
      for (const one of recordsOf(told, tool)) await serials.placeOne(one);
    const [late] = recordsOf(succeeded(5), tool);
    if (!late) throw new Error('no record');
    const placed = await serials.placeOne(late);
    expect(placed).toMatchObject({ deployment: 'argocd:uid-of-lighthouse-api:history:4', aliases: [late.deployment] });
    expect(placed?.id).not.toBe(late.id);
    expect(await serials.placeOne(late)).toEqual(placed);
  });

  it('leaves records without a history as they are, and asks Redis nothing', async () => {
    const record = aRecord();
    expect(await open().placeOne(record)).toBe(record);
    expect(await redis.dbsize()).toBe(0);
  });

  it('leaves a record that is in its place as it is', async () => {
    const record = buoy(10);
    expect(await open().placeOne(record)).toBe(record);
  });

  it('stays small and ends', async () => {
    const serials = open();
    for (let id = 0; id < 130; id++) await serials.placeOne(startedOnce(id));
    expect(await redis.strlen('{shiplog}:gaps:buoy')).toBeLessThan(25_000);
    const { entries, starts, baseline } = JSON.parse((await redis.get('{shiplog}:gaps:buoy')) ?? '');
    expect(entries.map(({ id }: { id: number }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => index + 30));
    expect(starts.map(({ id }: { id: number }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => index + 80));
    expect(baseline).toBe(29);
    const ttlSeconds = await redis.ttl('{shiplog}:gaps:buoy');
    expect(ttlSeconds).toBeGreaterThan(399 * 86_400);
    expect(ttlSeconds).toBeLessThanOrEqual(400 * 86_400);
    const forgotten = (late?: true) =>
      aRecord({ deployment: 'argocd:buoy:history:3', history: { of: 'buoy', id: 3, recovered: true, late } });
    expect((await serials.assign([forgotten()])).results).toEqual([{ kind: 'repeated' }]);
    expect((await serials.assign([forgotten(true)])).results).toEqual([{ kind: 'too_old' }]);
  });

  it('gives one answer to many workers', async () => {
    const serials = open();
    for (const one of recordsOf(succeeded(4), { saysStarts: false })) await serials.placeOne(one);
    const records = recordsOf(succeeded(9), { saysStarts: false });
    const placed = await Promise.all([...records, ...records, ...records].map((one) => serials.placeOne(one)));
    expect(new Set(placed.flatMap((one) => one?.deployment ?? [])).size).toBe(5);
  });

  it('loses nothing of what many workers add to it at once', async () => {
    const ids = Array.from({ length: 10 }, (_, id) => id);
    await Promise.all(ids.map((id) => open().placeOne(startedOnce(id))));
    const { entries } = JSON.parse((await redis.get('{shiplog}:gaps:buoy')) ?? '');
    expect(entries.map(({ id }: { id: number }) => id).sort()).toEqual(ids);
  });
});

describe.each([
  ['a history that says when each deployment started', { saysStarts: true }],
  ['a history that does not', { saysStarts: false }],
])('the gaps of %s', (_, tool) => {
  const all = [4, 5, 6, 7, 8, 9].flatMap((sync) => [running(sync), succeeded(sync)]);
  const last = succeeded(LAST);
  const kept = fc
    .tuple(fc.subarray(all), fc.subarray(all))
    .chain(([once, twice]) =>
      fc.shuffledSubarray([...once, ...twice, last], { minLength: once.length + twice.length + 1 }),
    );

  it('are filled, once, whatever was lost, doubled or late', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(kept, async (arrived) => {
        run += 1;
        const log = createLog(open());
        const one = { ...tool, app: `app-${run}` };
        for (const told of arrived) await log.tell(told, one);
        // The earliest begins the count, whenever it arrives.
        const baseline = Math.min(...arrived.map(({ event, sync }) => (event === 'succeeded' ? sync : sync - 1)));
        const expected = [4, 5, 6, 7, 8, 9].filter(
          (sync) => sync > baseline || arrived.some((told) => told.sync === sync),
        );
        expect(log.syncs().map((sync) => sync[0])).toEqual(expected.map(String));
        await log.tell(last, one);
        expect(log.syncs()).toEqual(expected.map((sync) => `${sync} succeeded`));
      }),
      { numRuns: 50 },
    );
  });

  it('hold nothing of what was deployed before the first notification', async () => {
    const log = createLog(open());
    await log.tell(succeeded(FIRST), tool);
    expect(log.syncs()).toEqual(['4 succeeded']);
    await log.tell(succeeded(6), tool);
    expect(log.syncs()).toEqual(['4 succeeded', '5 succeeded', '6 succeeded']);
  });

  it('begin with the very first deployment of an application that was seen before it had any', async () => {
    const log = createLog(open());
    await log.tell(running(1), tool);
    await log.tell(succeeded(3), tool);
    expect(log.syncs()).toEqual(['1 succeeded', '2 succeeded', '3 succeeded']);
  });

  it('join a running deployment whose success was lost, and say where it was read', async () => {
    const log = createLog(open());
    for (const told of [succeeded(4), running(5), succeeded(6)]) await log.tell(told, tool);
    const joined = log.deployments().find(({ startedAt }) => startedAt === timeOf(50));
    expect(joined).toMatchObject({
      state: 'succeeded',
      finishedAt: timeOf(51),
      actor: 'mira',
      signals: ['argocd history', 'argocd notification'],
    });
    expect(joined?.notes.join()).toContain('Its notification was lost');
  });

  it('are no failed sync, which is in no history', async () => {
    const log = createLog(open());
    const failing = { ...tool, failed: [5] };
    for (const told of [succeeded(4), running(5), { event: 'failed', sync: 5 } as const, succeeded(7)])
      await log.tell(told, failing);
    expect(log.syncs()).toEqual(['4 succeeded', '5 failed', '6 succeeded', '7 succeeded']);
  });

  it('are kept apart between applications', async () => {
    const log = createLog(open());
    for (const app of ['buoy', 'beacon']) await log.tell(succeeded(app === 'buoy' ? 4 : 6), { ...tool, app });
    await log.tell(succeeded(6), { ...tool, app: 'buoy' });
    expect(log.syncs()).toEqual(['4 succeeded', '5 succeeded', '6 succeeded', '6 succeeded']);
  });

  it('are not delivered when 130 applications are subscribed at once', async () => {
    const log = createLog(open());
    for (let app = 0; app < 130; app++) await log.tell(succeeded(10), { ...tool, app: `app-${app}` });
    expect(log.deployments()).toHaveLength(130);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, State } from '../../../../src/domain/change-record.ts';
import { createChangeLog } from '../../../../src/recording/change-log.ts';
import { createAlerts } from '../../../../src/store/alerts/alerts.ts';
import { createDeployments, type Deployments } from '../../../../src/store/changes/deployments.ts';
import { createPacker } from '../../../../src/store/changes/packed/packer.ts';
import { NAME_COUNTS } from '../../../../src/store/changes/search/names.ts';
import { createRunning } from '../../../../src/store/changes/timeline/running.ts';
import { createTimelineFold } from '../../../../src/store/changes/timeline/timeline-fold.ts';
import { keys } from '../../../../src/store/keys.ts';
import { alone, aRecord, plainView } from '../../../support/records.ts';
import { useRedis } from '../../../support/use-redis.ts';

const redis = useRedis();

/** Judged by rules that change, as they do when the configuration is reloaded. */
const dropped = new Set<string>();
const judge = (key: string, records: readonly ChangeRecord[]) =>
  alone({ ...plainView(key, records), ...(dropped.has(key) && { droppedBy: 'tries' }) });
const open = (count = 1_000) => createDeployments(redis, { days: 400, count });
const replica = () => createChangeLog(open(), judge);
const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;

/** What a process shows, and how often it read the whole timeline for that. */
function reader(deployments: Deployments = open()) {
  let reads = 0;
  const counted = { ...deployments, timeline: (...asked: Parameters<Deployments['timeline']>) => read(...asked) };
  const read: Deployments['timeline'] = (...asked) => {
    reads += 1;
    return deployments.timeline(...asked);
  };
  const running = createRunning(counted);
  const names = createTimelineFold(deployments, NAME_COUNTS).read;
  // A part is read from Redis until all are known.
  const timelineOf = async (sinceMs?: number) =>
    (await deployments.timeline({ facets: {}, ...(sinceMs !== undefined && { sinceMs }) }))
      .map((lazy) => lazy.entry())
      .sort((a, b) => b.atMs - a.atMs || (a.key < b.key ? -1 : 1));
  return {
    reads: () => reads,
    async shown() {
      const part = await timelineOf(Date.parse(at(6)));
      const slots = (await running.slots()).map(({ service, serviceKey, environment, ...slot }) => ({
        ...{ place: `${serviceKey} in ${environment.name.toLowerCase()}`, ...slot },
      }));
      const counts = Object.values(await names()).map((all) => [...all].map(([name, { count }]) => `${name} ${count}`));
      return {
        ...{ part, all: await timelineOf() },
        ...{ slots: slots.sort((a, b) => (a.place < b.place ? -1 : 1)), counts: counts.map((all) => all.sort()) },
      };
    },
  };
}

type Step = (writers: readonly ReturnType<typeof replica>[]) => Promise<unknown>;
const aJob = fc.integer({ min: 0, max: 9 }).map((number) => `job:${number}`);
const aReport = fc
  .record({
    deployment: aJob,
    state: fc.constantFrom<State>('pending', 'running', 'succeeded', 'failed'),
    occurredAt: fc.integer({ min: 0, max: 12 }).map(at),
    service: fc.constantFrom('pay-api', 'ledger'),
    environment: fc.constantFrom({ name: 'production' }, { name: 'staging' }),
    actor: fc.constantFrom('mira', 'jonas'),
  })
  .chain((said) =>
    fc.nat({ max: 1 }).map(
      (by): Step =>
        async (writers) =>
          writers[by]?.apply(aRecord(said)),
    ),
  );
const aRule = aJob.map(
  (job): Step =>
    async ([writer]) => {
      if (!dropped.delete(job)) dropped.add(job);
      await writer?.refresh(job);
    },
);
const packing: Step = () => createPacker(redis, 0).packSome();
const pruning: Step = () => open(6).prune();
const anAlert = fc.nat({ max: 3 }).map(
  (number): Step =>
    async () => {
      const report = {
        id: `alt_${number}`,
        instance: 'harbor',
        tool: 'Harbor',
        state: 'firing',
        title: 'slow',
      } as const;
      const rest = { services: [], labels: {}, startedAt: at(1), receivedAt: at(2) };
      await createAlerts(redis, { days: 400, count: 100 }).put({ ...report, ...rest });
    },
);
/** 0.1.0 writes no entry into the log. */
const foreign: Step = () => redis.incr(keys.changesVersion());

describe('what became of timeline entries', () => {
  it('keeps every process exact, whichever wrote: reports, rules, packing, retention, alerts, an earlier release', async () => {
    const weighted = [
      ...[
        { arbitrary: aReport, weight: 8 },
        { arbitrary: aRule, weight: 2 },
        { arbitrary: anAlert, weight: 1 },
      ],
      ...[packing, pruning, foreign].map((step) => ({ arbitrary: fc.constant(step), weight: 1 })),
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(...weighted), { minLength: 10, maxLength: 40 }), async (steps) => {
        await redis.flushall();
        dropped.clear();
        const writers = [replica(), replica()];
        const [often, seldom] = [reader(), reader()];
        for (const [number, step] of steps.entries()) {
          await step(writers);
          const shown = await reader().shown();
          expect(await often.shown()).toEqual(shown);
          if (number % 7 === 6) expect(await seldom.shown()).toEqual(shown);
        }
        const unlogged = steps.filter((step) => step === foreign).length;
        expect(often.reads()).toBeLessThanOrEqual(1 + unlogged);
      }),
      { numRuns: 12 },
    );
  });

  it('reads all again when another server has the data: the same version may stand for another history', async () => {
    let server = 'one';
    const parts = { serverId: async () => server };
    const process = reader(createDeployments(redis, { days: 400, count: 1_000 }, parts));
    await replica().apply(aRecord({ deployment: 'job:1' }));
    await process.shown();
    await redis.flushall(); // a failover that lost the write
    server = 'other';
    await replica().apply(aRecord({ deployment: 'job:2', service: 'ledger' }));
    expect(await process.shown()).toEqual(await reader().shown());
    expect(process.reads()).toBe(2);
  });

  it('shows an old deployment that changes in place at once, without reading the others', async () => {
    const writer = replica();
    for (let number = 0; number < 20; number++)
      await writer.apply(aRecord({ deployment: `job:${number}`, occurredAt: at(number) }));
    const { shown, reads } = reader();
    await shown();
    dropped.clear();
    dropped.add('job:3');
    await replica().refresh('job:3');
    const keysOf = ({ slots }: Awaited<ReturnType<typeof shown>>) => slots[0]?.history.map(({ key }) => key);
    expect(keysOf(await shown())).not.toContain('job:3');
    expect(reads()).toBe(1);
  });

  it('is kept for the last versions only', async () => {
    const deployments = open();
    for (let number = 0; number < 3; number++) await replica().apply(aRecord({ deployment: `job:${number}` }));
    expect(await deployments.changed('0', '3')).toHaveLength(3);
    expect(await deployments.changed('3', '3')).toEqual([]);
    expect(await deployments.changed('3', '2')).toBeUndefined();
    expect(await deployments.changed('0', '1002')).toBeUndefined();
    await redis.xtrim(keys.entryChanges(), 'MAXLEN', 2);
    expect(await deployments.changed('0', '3')).toBeUndefined();
  });
});

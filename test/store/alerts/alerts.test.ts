import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlertReport, boundAlerts } from '../../../src/domain/alert.ts';
import { createAlerts } from '../../../src/store/alerts/alerts.ts';
import { keys } from '../../../src/store/keys.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();
const alerts = (over: { days?: number; count?: number } = {}) => createAlerts(redis, { days: 30, count: 100, ...over });

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const report = (id: string, over: Partial<AlertReport> = {}): AlertReport => ({
  id: `alt_${id}`,
  instance: 'alerts',
  tool: 'alertmanager',
  state: 'firing',
  title: 'LampDark',
  services: [{ label: 'service', name: 'Lamp' }],
  environment: 'production',
  startedAt: ago(10),
  receivedAt: ago(9),
  labels: {},
  ...over,
});

describe('an alert', () => {
  it('goes from firing to resolved, in any order, and no repeat changes a time', async () => {
    const firing = report('1', { summary: 'It is dark', startedAt: ago(20) });
    const resolved = report('1', { state: 'resolved', startedAt: ago(20), endedAt: ago(5) });
    const lastly = ago(0);
    const later = [
      report('1', { startedAt: ago(1), receivedAt: lastly }),
      report('1', { state: 'resolved', endedAt: ago(1) }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([firing, resolved, firing, resolved], { minLength: 4 }), async (order) => {
        await redis.flushall();
        const news = [];
        for (const one of [...order, ...later]) news.push(await alerts().put(one));
        expect(news.filter(Boolean)).toHaveLength(2);
        expect(await alerts().get('alt_1')).toMatchObject({
          state: 'resolved',
          summary: 'It is dark',
          startedAt: firing.startedAt,
          endedAt: resolved.endedAt,
          lastReportedAt: lastly,
        });
        expect(await alerts().list({})).toHaveLength(1);
      }),
      { numRuns: 6 },
    );
  });

  it('is found by its time, state, services and environment, the newest first', async () => {
    await alerts().put(report('old', { startedAt: ago(90), state: 'resolved' }));
    await alerts().put(report('new', { services: [...report('').services, { label: 'job', name: 'tide' }] }));
    const { environment: _, ...nameless } = report('nameless', { services: [], startedAt: ago(50) });
    await alerts().put(nameless);
    const find = async (asked: Parameters<ReturnType<typeof alerts>['list']>[0]) =>
      (await alerts().list(asked)).map(({ id }) => id.slice(4));
    expect(await find({})).toEqual(['new', 'nameless', 'old']);
    expect(await find({ services: ['TIDE'] })).toEqual(['new']);
    expect(await find({ services: ['lamp'], state: 'resolved' })).toEqual(['old']);
    expect(await find({ environments: ['unknown'] })).toEqual(['nameless']);
    expect(await find({ sinceMs: Date.parse(ago(60)), untilMs: Date.parse(ago(40)) })).toEqual(['nameless']);
    expect(await alerts().get('alt_none')).toBeUndefined();
  });

  it('is deleted completely when it is too old, or beyond the maximum number', async () => {
    for (const [at, id] of ['c', 'b', 'a'].entries()) await alerts().put(report(id, { startedAt: ago(at * 10) }));
    await alerts().put(report('ancient', { startedAt: ago(40 * 24 * 60) }));
    await alerts({ count: 2 }).prune();
    await alerts({ count: 2 }).prune();
    expect((await alerts().list({})).map(({ id }) => id)).toEqual(['alt_c', 'alt_b']);
    expect((await redis.keys('*')).sort()).toEqual(
      [keys.alert('alt_b'), keys.alert('alt_c'), keys.alerts(), keys.changesVersion(), keys.entryChanges()].sort(),
    );
  });

  it('is within its limits, without half characters', () => {
    const long = `${'x'.repeat(5_000)}\ud83d`;
    const hostile = report('1', {
      title: long,
      summary: long,
      severity: long,
      environment: long,
      url: `https://harbor.example/${long}`,
      services: Array.from({ length: 50 }, () => ({ label: long, name: long })),
      labels: Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`${at}${long}`, long])),
    });
    const [bounded] = boundAlerts([hostile]);
    const json = JSON.stringify(bounded);
    expect(json.length).toBeLessThan(20_000);
    expect(json).not.toContain('\\ud83d');
    expect(bounded).not.toHaveProperty('url');
    const many = boundAlerts(Array.from({ length: 500 }, () => hostile));
    expect(JSON.stringify(many).length).toBeLessThan(2_000_000);
    expect(many).toHaveLength(500);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/fold.ts';
import {
  swimlanesOf as lanesOfDots,
  mergeOverlapping,
  serviceLanesOf,
  WIDE,
  type Window,
} from '../../src/domain/timeline.ts';
import { type TimelineEntry, timelineEntryOf } from '../../src/domain/timeline-entry.ts';
import { Timeline } from '../../src/web/parts/timeline.tsx';
import { placeInLines } from '../../src/web/parts/timeline-lines.ts';
import { lazyEntryOf } from '../support/lazy-entry.ts';
import { step } from './stores.ts';

const DAY_MS = 86_400_000;
const NOON_MS = Date.parse('2026-05-04T12:00:00.000Z');
const window = { fromMs: NOON_MS - DAY_MS, toMs: NOON_MS };
let number = 0;
const mark = (over: Parameters<typeof step>[0] = {}): TimelineEntry => {
  const record = step({ deployment: `changes:${number++}`, occurredAt: '2026-05-04T06:00:00.000Z', ...over });
  return timelineEntryOf(fold(record.deployment, [record]));
};
const lanesOf = (marks: readonly TimelineEntry[], within: Window) => lanesOfDots(marks.map(lazyEntryOf), within);
const environments = (...names: string[]) => names.map((name) => mark({ environment: { name } }));
const draw = (marks: readonly TimelineEntry[]) =>
  Timeline({
    lanes: lanesOf(marks, window),
    of: 'environment' as const,
    window,
    alerts: [],
    laneAddress: (name) => `/?environment=${encodeURIComponent(name)}`,
    spanAddress: ({ fromMs, toMs }) => `/?from=${fromMs}&to=${toMs}`,
  }).markup;

describe('the lanes', () => {
  it('are in the order of tiers', () => {
    const marks = environments('sandbox', 'development', 'qa', 'staging', 'eu/production', 'production');
    const named = lanesOf(marks, window).map(({ name }) => name);
    expect(named).toEqual(['production', 'eu/production', 'staging', 'qa', 'development', 'sandbox']);
  });

  it('prefer a reported tier to a name', () => {
    const harbor = mark({ environment: { name: 'harbor', tier: 'production' } });
    expect(lanesOf([...environments('staging'), harbor], window)[0]?.name).toBe('harbor');
  });

  it('group short-lived environments, and never production', () => {
    const marks = environments('review/lamp', 'review/tide', 'pr-12', 'pr-13', 'eu/production', 'us/production');
    const lanes = lanesOf(marks, window).map(({ name, count }) => `${name} ${count}`);
    expect(lanes).toEqual(['eu/production 1', 'us/production 1', 'review/* 2', 'pr-* 2']);
  });

  it('are services within one environment, and the busiest of too many', () => {
    const inProduction = (service: string) => mark({ service, environment: { name: 'production' } });
    const services = (marks: readonly TimelineEntry[]) =>
      serviceLanesOf(marks.map(lazyEntryOf), window)?.map(({ name, count }) => `${name} ${count}`);
    expect(services(['tide', 'Tide', 'lamp'].map(inProduction))).toEqual(['lamp 1', 'tide 2']);
    expect(services([inProduction('tide'), ...environments('staging')])).toBeUndefined();
    const many = Array.from({ length: 60 }, (_, at) => inProduction(`boat${at}`));
    const lanes = services([...many, inProduction('boat59')]) ?? [];
    expect(lanes).toHaveLength(24);
    expect(lanes).toContain('boat59 2');
    expect(lanes.at(-1)).toBe('37 more 37');
  });

  it('are limited in number: the rest share one', () => {
    const lanes = lanesOf(environments(...Array.from({ length: 60 }, (_, at) => `boat${at}`), 'production'), window);
    expect(lanes).toHaveLength(24);
    expect(lanes[0]?.name).toBe('production');
    expect(lanes.at(-1)).toMatchObject({ name: '38 more', filters: false, count: 38 });
  });

  it('separate roll-backs, failures and running deployments from successes', () => {
    const [lane] = lanesOf(
      [
        mark({ state: 'running' }),
        mark({ state: 'failed' }),
        mark({ changeType: 'rollback' }),
        mark({ state: 'failed', changeType: 'rollback' }),
        mark(),
        mark({ state: 'canceled' }),
      ],
      window,
    );
    expect(lane?.rows.map(({ row, count }) => `${row} ${count}`)).toEqual([
      'rollback 2',
      'failed 1',
      'busy 1',
      'done 2',
    ]);
  });
});

describe('the marks', () => {
  it('are merged if they would overlap, without a loss', () => {
    const marks = Array.from({ length: 5_000 }, (_, at) =>
      mark({ occurredAt: new Date(NOON_MS - at * 17_000).toISOString() }),
    );
    const [lane] = lanesOf(marks, window);
    const groups = lane?.rows[0]?.groups ?? [];
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
    expect(groups.length).toBeLessThan(100);
    const gaps = groups.slice(1).map(({ at }, index) => at - (groups[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(WIDE.one);
  });

  it('are not merged if they do not overlap', () => {
    const marks = [0, 6, 12].map((hours) => mark({ occurredAt: new Date(NOON_MS - hours * 3_600_000).toISOString() }));
    expect(lanesOf(marks, window)[0]?.rows[0]?.groups.map(({ at }) => at)).toEqual([50, 75, 100]);
    expect(mergeOverlapping([], WIDE)).toEqual([]);
  });

  it('are at the edge if a fast clock dates them ahead', () => {
    const [lane] = lanesOf([mark({ occurredAt: '2026-05-04T12:10:00.000Z' })], window);
    expect(lane?.rows[0]?.groups[0]?.at).toBe(100);
  });

  it('link to the deployment, and merged ones to their time span', () => {
    const one = draw([mark({ deployment: 'changes:a/b', actor: 'mira' })]);
    expect(one).toContain('href="/deployments/changes:a%2Fb"');
    expect(one).toContain('<title>lighthouse-api to production: succeeded, mira, 2026-05-04 06:00:00 UTC</title>');
    const two = draw([mark(), mark({ occurredAt: '2026-05-04T05:59:00.000Z' })]);
    expect(two).toContain(
      `href="/?from=${Date.parse('2026-05-04T05:59:00Z')}&amp;to=${Date.parse('2026-05-04T06:00:00Z')}"`,
    );
    expect(two).toMatch(/<title>2 succeeded or canceled, .*<text x="14" y="12">2<\/text>/);
  });

  it('show hostile names as plain text', () => {
    const hostile = draw([
      mark({
        service: '</title><script>alert(1)</script>',
        environment: { name: '"><img src=x onerror=alert(2)>\u202e' },
        actor: '\u001b[2J',
      }),
    ]);
    expect(hostile).not.toMatch(/<script|<img|\u202e/);
    expect(hostile).toContain('[U+001B][2J');
  });

  it('are one tab stop for each lane, whatever their number', () => {
    const marks = Array.from({ length: 40 }, (_, at) =>
      mark({ occurredAt: new Date(NOON_MS - at * 2_000_000).toISOString() }),
    );
    const [, wide = ''] = /<g class="wide">([\s\S]*?)<\/g>/.exec(draw(marks)) ?? [];
    expect(wide.match(/tabindex="-1"/g)?.length).toBeGreaterThan(10);
    expect(wide.match(/tabindex="0"/g)).toHaveLength(1);
  });
});

describe('the scale', () => {
  it.each([
    ['an hour', 3_600_000, '11:10'],
    ['a day', DAY_MS, '06:00'],
    ['a week', 7 * DAY_MS, 'Apr 30'],
    ['ten years', 3_650 * DAY_MS, 'Dec 19, 2023'],
  ])('of %s has few ticks at round times', (_what, widthMs, label) => {
    const view = {
      lanes: [],
      of: 'environment' as const,
      window: { fromMs: NOON_MS - widthMs, toMs: NOON_MS },
      alerts: [],
      laneAddress: String,
      spanAddress: String,
    };
    const labels = [...Timeline(view).markup.matchAll(/<g class="tick"[^>]*>.*?>([^<]+)<\/text>/g)].map(
      ([, text]) => text,
    );
    expect(labels.length).toBeGreaterThanOrEqual(3);
    expect(labels.length).toBeLessThanOrEqual(9);
    expect(labels.join()).toContain(label);
  });
});

describe('the lines of a lane', () => {
  const at = (hoursBefore: number, said: Parameters<typeof step>[0] = {}) =>
    mark({ occurredAt: new Date(NOON_MS - hoursBefore * 3_600_000).toISOString(), ...said });
  const linesOf = (marks: readonly TimelineEntry[]) => {
    const newestFirst = marks.toSorted((a, b) => b.atMs - a.atMs);
    return placeInLines(lanesOf(newestFirst, window)[0]?.rows ?? [], WIDE);
  };

  it('are one where nothing overlaps', () => {
    const { marks, count } = linesOf([at(1), at(4, { state: 'failed' }), at(8, { changeType: 'rollback' }), at(12)]);
    expect(count).toBe(1);
    expect(marks.map(({ row, line }) => `${row} ${line}`)).toEqual(['rollback 0', 'failed 0', 'done 0', 'done 0']);
  });

  it('have the successes at the bottom where marks overlap, and failures above them', () => {
    const states = [{ changeType: 'rollback' }, { state: 'failed' }, { state: 'running' }, {}] as const;
    const { marks, count } = linesOf(states.map((said) => at(1, said)));
    expect(count).toBe(4);
    expect(marks.map(({ row, line }) => `${row} ${line}`)).toEqual(['rollback 0', 'failed 1', 'busy 2', 'done 3']);
  });

  it('lose no mark, and let none of them overlap', () => {
    const anEntry = fc.record({
      hours: fc.double({ min: 0, max: 24, noNaN: true }),
      said: fc.constantFrom({}, { state: 'failed' }, { state: 'pending' }, { changeType: 'rollback' }) as fc.Arbitrary<
        Parameters<typeof step>[0]
      >,
    });
    fc.assert(
      fc.property(fc.array(anEntry, { minLength: 1, maxLength: 60 }), (all) => {
        const { marks, count } = linesOf(all.map(({ hours, said }) => at(hours, said)));
        expect(marks.reduce((sum, { group }) => sum + group.count, 0)).toBe(all.length);
        const widthOf = ({ group }: (typeof marks)[number]) => (group.count > 1 ? WIDE.many : WIDE.one);
        for (const one of marks) {
          expect(one.line).toBeLessThan(count);
          for (const other of marks)
            if (one !== other && one.line === other.line)
              expect(Math.abs(one.group.at - other.group.at)).toBeGreaterThanOrEqual(
                (widthOf(one) + widthOf(other)) / 2,
              );
        }
      }),
      { numRuns: 50 },
    );
  });
});

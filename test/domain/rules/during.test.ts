import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { During, windowOf } from '../../../src/domain/rules/during.ts';
import { Rule, route } from '../../../src/domain/rules/routing.ts';
import { aDeployment } from '../../support/deployment.ts';

const BERLIN = 'Europe/Berlin';

const madeAt = (from: string, to = from, over: Partial<ReturnType<typeof aDeployment>> = {}) => ({
  ...aDeployment({ tags: [] }),
  startedAt: from,
  finishedAt: to,
  occurredAt: to,
  ...over,
});
const isInside = (during: unknown, from: string, to = from) =>
  windowOf(During.parse(during), madeAt(from, to)) !== undefined;

describe('a window', () => {
  it.each([
    ['2026-12-19T22:59:59.000Z', false], // 23:59:59 in Berlin
    ['2026-12-19T23:00:00.000Z', true],
    ['2027-01-03T22:59:59.000Z', true],
    ['2027-01-03T23:00:00.000Z', false],
  ])('of two dates contains both whole days, in its own zone: %s %s', (at, inside) => {
    expect(isInside({ from: '2026-12-20', to: '2027-01-03', zone: BERLIN }, at)).toBe(inside);
  });

  it.each([
    ['2026-03-27T15:59:00.000Z', false], // Friday 16:59
    ['2026-03-27T16:00:00.000Z', true], // Friday 17:00, in winter time
    ['2026-03-30T05:59:00.000Z', true], // Monday 07:59, in summer time
    ['2026-03-30T06:00:00.000Z', false], // Monday 08:00
    ['2026-04-03T15:00:00.000Z', true], // Friday 17:00, in summer time
  ])('of two times of the week follows the local clock, also when it changes: %s %s', (at, inside) => {
    expect(isInside({ from: 'fri 17:00', to: 'mon 08:00', zone: BERLIN }, at)).toBe(inside);
  });

  it.each([
    ['2026-10-25T00:30:00.000Z', true], // 02:30 in summer time
    ['2026-10-25T01:30:00.000Z', true], // 02:30 again, in winter time
    ['2026-10-25T02:00:00.000Z', false], // 03:00
  ])('contains a repeated hour both times: %s %s', (at, inside) => {
    expect(isInside({ from: '02:00', to: '03:00', zone: BERLIN }, at)).toBe(inside);
  });

  it('that begins in a skipped hour begins with the next one', () => {
    const during = { from: '02:30', to: '04:00', zone: BERLIN };
    expect(isInside(during, '2026-03-29T00:59:00.000Z')).toBe(false); // 01:59, a minute before 03:00
    expect(isInside(during, '2026-03-29T01:00:00.000Z')).toBe(true);
  });

  it.each([
    ['2026-03-16T21:00:00.000Z', true], // Monday 22:00
    ['2026-03-17T04:59:00.000Z', true], // Tuesday 05:59, of the night that began on Monday
    ['2026-03-17T05:00:00.000Z', false],
    ['2026-03-17T21:30:00.000Z', false], // Tuesday 22:30
  ])('of times over midnight belongs to the day on which it begins: %s %s', (at, inside) => {
    expect(isInside({ from: '22:00', to: '06:00', days: ['mon'], zone: BERLIN }, at)).toBe(inside);
  });

  it('contains a deployment that ended in it, and one that lasted all through it', () => {
    const during = { from: '12:00', to: '13:00' };
    expect(isInside(during, '2026-03-16T11:50:00.000Z', '2026-03-16T12:10:00.000Z')).toBe(true);
    expect(isInside(during, '2026-03-16T11:00:00.000Z', '2026-03-16T14:00:00.000Z')).toBe(true);
    expect(isInside(during, '2026-03-16T13:00:00.000Z', '2026-03-17T11:59:00.000Z')).toBe(false);
  });

  it('does not contain a deployment that waits, or was canceled before it began', () => {
    const windows = During.parse({ days: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] });
    const { startedAt: _, finishedAt: __, ...waiting } = madeAt('2026-03-16T12:00:00.000Z');
    expect(windowOf(windows, { ...waiting, state: 'pending' })).toBeUndefined();
    expect(windowOf(windows, { ...waiting, state: 'canceled' })).toBeUndefined();
    expect(windowOf(windows, { ...waiting, state: 'running' })).toBeDefined();
  });

  it('agrees with a calendar, at any time, in any zone', () => {
    const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const zones = ['UTC', BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'];
    const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const clock = (of: number) => [of / 60, of % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
    const at = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(
        at,
        fc.constantFrom(...zones),
        minute,
        minute,
        fc.constantFrom(...days),
        (date, zone, from, to, day) => {
          const shown = new Intl.DateTimeFormat('en-US', {
            timeZone: zone,
            weekday: 'short',
            hour: '2-digit',
            minute: '2-digit',
            hourCycle: 'h23',
          }).format(date);
          const [, weekday = '', hour, minutes] = /^(\w+),? (\d+):(\d+)$/.exec(shown) ?? [];
          const now = Number(hour) * 60 + Number(minutes);
          const today = days.indexOf(weekday.toLowerCase());
          const begins = days.indexOf(day);
          const isOverMidnight = to <= from;
          const expected =
            (today === begins && now >= from && (isOverMidnight || now < to)) ||
            (isOverMidnight && today === (begins + 1) % 7 && now < to);
          const during = { from: clock(from), to: clock(to), days: [day], zone };
          expect(isInside(during, date.toISOString()), `${shown} ${JSON.stringify(during)}`).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a freeze', () => {
  const rule = (over: Record<string, unknown>) =>
    Rule.safeParse({ during: { from: '2026-12-20', to: '2027-01-03', zone: BERLIN }, ...over });

  it('sets tag, risk and destination, and the trace names the window', () => {
    const { data } = rule({ name: 'freeze', set: { tags: ['freeze'], risk_level: 'high' }, sinks: ['on-call'] });
    const rules = data ? [data] : [];
    expect(route(madeAt('2026-12-24T10:00:00.000Z'), rules)).toMatchObject({
      deployment: { tags: ['freeze'], riskLevel: 'high' },
      sinks: ['on-call'],
      trace: [
        'freeze: during 2026-12-20 – 2027-01-03 (Europe/Berlin); risk_level = high; tag = freeze; sinks = on-call',
      ],
    });
    expect(route(madeAt('2027-01-04T10:00:00.000Z'), rules)).toMatchObject({ trace: [], matched: [] });
  });

  it.each([
    [{ drop: true, match: { environment: '**' } }, /hides nothing/],
    [{ during: { from: '17:00' } }, /write two dates/],
    [{ during: { from: '2026-12-20', to: '2026-12-19' } }, /swap them/],
    [{ during: { from: '2026-02-31', to: '2026-03-19' } }, /no such date/],
    [{ during: { from: 'fri 17:00', to: '08:00' } }, /write two dates/],
    [{ during: { from: 'fri 17:00', to: 'mon 08:00', days: ['mon'] } }, /leave days out/],
    [{ during: { days: ['monday'] } }, /write days as sun, mon/],
    [{ during: { days: ['mon'], zone: 'Middle/Earth' } }, /Europe\/Berlin/],
    [{ during: { days: ['mon'], until: 'noon' } }, /until/],
  ])('that is contradictory is refused: %j', (over, message) => {
    expect(
      rule(over)
        .error?.issues.map((issue) => issue.message)
        .join('; '),
    ).toMatch(message);
  });
});

import { z } from 'zod';
import { DAY_MS, MINUTE_MS } from '../../values/units.ts';
import type { Deployment } from '../deployment.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WEEK_MS = 7 * DAY_MS;
/** A Sunday, so that days of the week count from it. */
const A_SUNDAY_MS = Date.UTC(1970, 0, 4);

const CLOCK = /^(?:([a-z]{3}) )?([01]\d|2[0-4]):([0-5]\d)$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d))?$/;

const WRITE =
  'write two dates (from: 2026-12-20, to: 2027-01-03), two times of the week (from: "fri 17:00", to: "mon 08:00"), ' +
  'two times of the day (from: "22:00", to: "06:00"), or days alone';

/** Wall-clock time of its zone, as milliseconds of UTC: an hour that occurs twice is inside twice. */
type Span =
  | { readonly kind: 'once'; readonly fromMs: number; readonly toMs: number }
  /** Each begins at a time of the week, counted from Sunday. */
  | { readonly kind: 'weekly'; readonly startsMs: readonly number[]; readonly lengthMs: number };

/** A period in which changes are marked. */
export interface During {
  /** As people write it. */
  readonly text: string;
  readonly zone: string;
  readonly span: Span;
}

const Zone = z.string().refine((zone) => isZone(zone), 'write a time zone such as Europe/Berlin, or UTC');

const One = z
  .strictObject({
    from: z.string().optional(),
    to: z.string().optional(),
    days: z
      .array(z.enum(DAYS, `write days as ${DAYS.join(', ')}`))
      .min(1)
      .optional(),
    zone: Zone.default('UTC'),
  })
  .transform(({ from, to, days, zone }, context): During => {
    const span = spanOf(from, to, days);
    if (typeof span !== 'string')
      return {
        span,
        zone,
        text: `${[days?.join(' '), from && `${from} – ${to}`].filter(Boolean).join(' ')} (${zone})`,
      };
    context.addIssue({ code: 'custom', message: span });
    return z.NEVER;
  });

/** One window or several. */
export const During = z
  .union([z.array(z.unknown()).min(1), z.unknown()])
  .transform((written) => [written].flat())
  .pipe(z.array(One));

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

type Day = (typeof DAYS)[number];

/** What is wrong, as a sentence. */
function spanOf(from: string | undefined, to: string | undefined, days: readonly Day[] | undefined): Span | string {
  if (from === undefined && to === undefined && days)
    return { kind: 'weekly', startsMs: days.map(startOfDay), lengthMs: DAY_MS };
  if (from === undefined || to === undefined) return WRITE;
  if (DATE.test(from) && DATE.test(to)) return days ? 'days and dates do not go together' : once(from, to);
  const [begin, end] = [clockOf(from), clockOf(to)];
  if (!begin || !end || (begin.day === undefined) !== (end.day === undefined)) return WRITE;
  return weekly(begin, end, days);
}

const startOfDay = (day: Day): number => DAYS.indexOf(day) * DAY_MS;

function once(from: string, to: string): Span | string {
  const fromMs = wallMs(from);
  // A date alone is the whole day.
  const toMs = wallMs(to) + (to.length === '2026-12-20'.length ? DAY_MS : 0);
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return 'there is no such date';
  return toMs > fromMs ? { kind: 'once', fromMs, toMs } : 'to is before from: swap them';
}

function wallMs(text: string): number {
  const [, year, month, day, hour = '0', minute = '0'] = DATE.exec(text) ?? [];
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  return new Date(ms).getUTCDate() === Number(day) ? ms : Number.NaN; // the 31st of February would be in March
}

interface Clock {
  readonly day: Day | undefined;
  /** A time of day. */
  readonly ms: number;
}

function clockOf(text: string): Clock | undefined {
  const [, word, hour, minute] = CLOCK.exec(text.toLowerCase()) ?? [];
  if (hour === undefined) return undefined;
  const ms = (Number(hour) * 60 + Number(minute)) * MINUTE_MS;
  const day = DAYS.find((one) => one === word);
  return ms > DAY_MS || (word !== undefined && day === undefined) ? undefined : { day, ms };
}

/** A time of day that ends before it begins ends on the next day; the days are those on which it begins. */
function weekly(from: Clock, to: Clock, days: readonly Day[] | undefined): Span | string {
  if (from.day !== undefined && to.day !== undefined) {
    if (days) return 'the times name their days: leave days out';
    const startMs = startOfDay(from.day) + from.ms;
    const lengthMs = (startOfDay(to.day) + to.ms - startMs + WEEK_MS) % WEEK_MS || WEEK_MS;
    return { kind: 'weekly', startsMs: [startMs], lengthMs };
  }
  const lengthMs = (to.ms - from.ms + DAY_MS) % DAY_MS || DAY_MS;
  return { kind: 'weekly', startsMs: (days ?? DAYS).map((day) => startOfDay(day) + from.ms), lengthMs };
}

/**
 * The window in which the deployment was made: some of its time from start to end is inside. One that waits, or was
 * canceled before it began, has changed nothing.
 */
export function windowOf(windows: readonly During[], deployment: Deployment): During | undefined {
  const { state, startedAt, finishedAt, occurredAt } = deployment;
  if (state === 'pending' || (state === 'canceled' && startedAt === undefined)) return undefined;
  const moments = [Date.parse(startedAt ?? occurredAt), Date.parse(finishedAt ?? occurredAt)];
  return windows.find(({ zone, span }) => {
    const walls = moments.map((ms) => onTheWall(ms, zone));
    return overlaps(span, Math.min(...walls), Math.max(...walls));
  });
}

function overlaps(span: Span, fromMs: number, toMs: number): boolean {
  if (span.kind === 'once') return fromMs < span.toMs && toMs >= span.fromMs;
  return span.startsMs.some((startMs) => {
    const sinceMs = fromMs - A_SUNDAY_MS - startMs;
    const lastMs = fromMs - (((sinceMs % WEEK_MS) + WEEK_MS) % WEEK_MS); // the last occurrence that began before
    return fromMs < lastMs + span.lengthMs || toMs >= lastMs + WEEK_MS;
  });
}

const formats = new Map<string, Intl.DateTimeFormat>(); // one for each zone that the configuration names

/** Wall-clock time in the zone, as milliseconds of UTC. */
function onTheWall(ms: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

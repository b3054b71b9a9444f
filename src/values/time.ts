import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './units.ts';

/** A time as it is stored: ISO 8601 in UTC with milliseconds. One format, so that times compare as text. */
export const Time = z.iso.datetime();

/** A time in a request, in any zone. */
export const ZonedTime = z.iso.datetime({ offset: true, error: 'write a time such as 2026-03-14T20:00:00Z' });

/**
 * Reads the formats that tools and `date` write: ISO 8601 with any offset and any fraction, also without
 * separators (`20261130T090000+0000`) and with the name of the zone (`…+01:00[Europe/Berlin]`, as Java writes it),
 * `2021-04-28 21:50:00 +0200`, `2022-04-09 19:26:31 UTC`, Go's default, RFC 5322, what `date`, Git, JavaScript and .NET
 * write by default, and seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or its digits.
 * A time without a zone is refused: it would be read in the zone of this machine.
 * @returns ISO 8601 UTC with milliseconds, or undefined for anything else.
 */
export function toIso(time: string | number | null | undefined): string | undefined {
  if (typeof time === 'number') return fromEpoch(time);
  const text = time?.trim() ?? '';
  if (EPOCH.test(text)) return fromEpoch(Number(text));
  const parts = ISO_DATE.exec(text) ?? ISO_DATE.exec(withSeparators(text.replace(ZONE_NAME, '')));
  if (!parts) return fromText(text);
  const [, date = '', clock, seconds = '00', fraction = '0', zone = 'Z'] = parts;
  const [, hours, minutes = '00'] = OFFSET.exec(zone) ?? [];
  const offset = hours ? `${hours}:${minutes}` : 'Z';
  if (!isDay(date)) return undefined;
  return fromEpochMs(Date.parse(`${date}T${clock}:${seconds}.${fraction.slice(0, 3)}${offset}`));
}

function fromText(text: string): string | undefined {
  const epoch = DOT_NET_DATE.exec(text)?.[1];
  if (epoch !== undefined) return fromEpoch(Number(epoch));
  return TEXT_DATES.some((format) => format.test(text)) ? fromEpochMs(Date.parse(text)) : undefined;
}

/** JavaScript takes 30 February for 2 March. */
const isDay = (date: string): boolean =>
  Number(date.slice(8)) <= 28 || new Date(date).getUTCDate() === Number(date.slice(8));

const ISO_DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$/i;
const OFFSET = /^([+-]\d\d):?(\d\d)?$/;
/** After its offset: Java writes `[Europe/Berlin]`, Go ` CET` and, as of now, ` CET m=+0.5`. */
const ZONE_NAME = /(?<=Z|[+-]\d\d(?::?\d\d)?)(?:\[[\w/+-]{1,60}\]| [A-Z]{2,5}(?: m=[+-][\d.]{1,30})?)$/;
const withSeparators = (text: string): string => text.replace(BASIC_DATE, '$1-$2-$3T$4:$5:$6');
const BASIC_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/;
const EPOCH = /^\d{10,19}(?:\.\d{1,9})?$/;
/** Windows PowerShell writes it, too; the offset says nothing about the moment. */
const DOT_NET_DATE = /^\/Date\((\d{10,19})(?:[+-]\d{4})?\)\/$/;

const TEXT_DATES: readonly RegExp[] = [
  // RFC 5322, as `date -R` and HTTP write it: `Mon, 30 Nov 2026 05:50:00 +0100`
  /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})$/,
  // `date -u`, also in 12 hours, and Ruby: `Mon Nov 30 05:50:00 UTC 2026`
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d (?:[AP]M )?(?:GMT|UTC|[+-]\d{4}) \d{4}$/,
  // Git: `Mon Nov 30 05:50:00 2026 +0100`
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4} [+-]\d{4}$/,
  // `date -u` in British English: `Mon 30 Nov 05:50:00 UTC 2026`, and `%c`: `Mon 30 Nov 2026 05:50:00 AM UTC`
  /^[A-Z][a-z]{2} {1,2}\d{1,2} [A-Z][a-z]{2} \d\d:\d\d:\d\d (?:[AP]M )?(?:GMT|UTC) \d{4}$/,
  /^[A-Z][a-z]{2} {1,2}\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:[AP]M )?(?:GMT|UTC)$/,
  // Ruby and log files: `2026/11/30 05:50:00 +0100`
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/,
  // JavaScript: `Mon Nov 30 2026 05:50:00 GMT+0100 (Central European Standard Time)`
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4}(?: \([^()]{1,60}\))?$/,
];

/** Before 2001-09-09 the seconds had nine digits: no number is within these limits in two units. */
const MIN_EPOCH_MS = 1_000_000_000_000;
const YEAR_2200_MS = 7_258_118_400_000; // no deployment is later
function fromEpoch(epoch: number): string | undefined {
  const inUnits = [epoch * 1_000, epoch, epoch / 1_000, epoch / 1_000_000];
  const epochMs = inUnits.find((ms) => ms >= MIN_EPOCH_MS && ms < YEAR_2200_MS);
  return epochMs === undefined ? undefined : fromEpochMs(epochMs);
}

const fromEpochMs = (epochMs: number): string | undefined =>
  epochMs > 0 && epochMs < YEAR_2200_MS ? new Date(epochMs).toISOString() : undefined;

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:m|mins?|minutes?)$/, MINUTE_MS],
  [/^(?:h|hrs?|hours?)$/, HOUR_MS],
  [/^(?:d|days?)$/, DAY_MS],
  [/^(?:w|weeks?)$/, 7 * DAY_MS],
];
const MAX_EPOCH_MS = 8.64e15;
/** The longest format is `2026-03-14T20:00:00.000000000+02:00`. */
const MAX_CHARS = 40;

/**
 * A moment as people write it: `90m`, `12h`, `2d`, `1w` before now (also `last 2h`, `2 hours ago`), `now`, `today`,
 * `yesterday`, a time of day such as `03:00`, a date, or an ISO 8601 time. A time without a zone is UTC wherever it is
 * written (a form field sends none): the same text means the same everywhere.
 */
export function parseMoment(text: string, now: Date): Date | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.length > MAX_CHARS) return undefined;
  const ms = spanBefore(trimmed, now) ?? dayBefore(trimmed, now) ?? clockBefore(trimmed, now);
  if (ms !== undefined) return inRange(ms);
  if (!/^\d{4}-\d\d-\d\d(?:$|[t ])/.test(trimmed)) return undefined;
  return inRange(Date.parse(/^\d{4}-\d\d-\d\d[t ][\d:.]+$/.test(trimmed) ? `${trimmed}z` : trimmed));
}

function spanBefore(text: string, now: Date): number | undefined {
  const [, count, word = ''] = /^(?:(?:last|past) )?(\d{1,6}) ?([a-z]{1,7})(?: ago)?$/.exec(text) ?? [];
  const unitMs = UNITS.find(([unit]) => unit.test(word))?.[1];
  return count === undefined || unitMs === undefined ? undefined : now.getTime() - Number(count) * unitMs;
}

const DAYS_AGO: Readonly<Record<string, number>> = { today: 0, yesterday: 1 };

/** The days begin at midnight UTC. */
function dayBefore(text: string, now: Date): number | undefined {
  if (text === 'now') return now.getTime();
  const daysAgo = Object.hasOwn(DAYS_AGO, text) ? DAYS_AGO[text] : undefined;
  return daysAgo === undefined ? undefined : midnightOf(now) - daysAgo * DAY_MS;
}

/** The last time before now at which a clock in UTC showed this. */
function clockBefore(text: string, now: Date): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)(?: ?(?:z|utc))?$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const today = midnightOf(now) + (Number(hours) * 60 + Number(minutes)) * 60_000;
  return today > now.getTime() ? today - DAY_MS : today;
}

const midnightOf = (now: Date): number => Math.floor(now.getTime() / DAY_MS) * DAY_MS;

const inRange = (ms: number): Date | undefined => (ms >= 0 && ms <= MAX_EPOCH_MS ? new Date(ms) : undefined);

export const WRITE_A_MOMENT = 'write 90m, 12h, 2d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z';

/** Checks the format only: the value depends on when it is asked (`parseMoment`). */
export const MomentText = z
  .string()
  .refine((text) => parseMoment(text, new Date(0)) !== undefined || isSpan(text), WRITE_A_MOMENT);

const isSpan = (text: string): boolean => parseMoment(text, new Date(MAX_EPOCH_MS)) !== undefined;

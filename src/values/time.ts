import { z } from 'zod';

/** A time as it is stored: ISO 8601 in UTC with milliseconds. One format, so that times compare as text. */
export const Time = z.iso.datetime();

/** A time in a request, in any zone. */
export const ZonedTime = z.iso.datetime({ offset: true, error: 'write a time such as 2026-03-14T20:00:00Z' });

/**
 * Reads the formats of GitLab, Bitbucket, Argo CD and `date`: ISO 8601 with any offset and any fraction,
 * `2021-04-28 21:50:00 +0200`, `2022-04-09 19:26:31 UTC`, RFC 5322, and epoch milliseconds. A time without a zone is
 * refused: it would be read in the zone of this machine.
 * @returns ISO 8601 UTC with milliseconds, or undefined for anything else.
 */
export function toIso(time: string | number | null | undefined): string | undefined {
  if (typeof time === 'number') return fromEpochMs(time);
  const text = time?.trim() ?? '';
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$/i.exec(
    text,
  );
  if (!parts) return MAIL_DATE.test(text) ? fromEpochMs(Date.parse(text)) : undefined;
  const [, date, clock, fraction = '0', zone = 'Z'] = parts;
  const [, hours, minutes = '00'] = /^([+-]\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const offset = hours ? `${hours}:${minutes}` : 'Z';
  return fromEpochMs(Date.parse(`${date}T${clock}.${fraction.slice(0, 3)}${offset}`));
}

/** RFC 5322, as `date -R` and HTTP write it: `Mon, 30 Nov 2026 05:50:00 +0100`. */
const MAIL_DATE = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})$/;

function fromEpochMs(epochMs: number): string | undefined {
  const year2200Ms = 7_258_118_400_000; // a later time is nanoseconds, or nonsense
  return epochMs > 0 && epochMs < year2200Ms ? new Date(epochMs).toISOString() : undefined;
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_EPOCH_MS = 8.64e15;
/** The longest format is `2026-03-14T20:00:00.000000000+02:00`. */
const MAX_CHARS = 40;

/**
 * A moment as people write it: `90m`, `12h`, `2d` before now, a date, or an ISO 8601 time. A time without a zone is UTC
 * wherever it is written (a form field sends none): the same text means the same everywhere.
 */
export function parseMoment(text: string, now: Date): Date | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_CHARS) return undefined;
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(trimmed) ?? [];
  // the pattern allows no other
  if (count && unit) return inRange(now.getTime() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  if (!/^\d{4}-\d\d-\d\d(?:$|[T ])/.test(trimmed)) return undefined;
  return inRange(Date.parse(/^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(trimmed) ? `${trimmed}Z` : trimmed));
}

const inRange = (ms: number): Date | undefined => (ms >= 0 && ms <= MAX_EPOCH_MS ? new Date(ms) : undefined);

export const WRITE_A_MOMENT = 'write 90m, 12h, 2d or 2026-03-14T20:00:00Z';

/** Checks the format only: the value depends on when it is asked (`parseMoment`). */
export const MomentText = z
  .string()
  .refine((text) => parseMoment(text, new Date(0)) !== undefined || isSpan(text), WRITE_A_MOMENT);

const isSpan = (text: string): boolean => parseMoment(text, new Date(MAX_EPOCH_MS)) !== undefined;

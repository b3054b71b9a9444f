import { parseMoment, WRITE_A_MOMENT } from '../values/time.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../values/units.ts';

/** `90m`, `12h`, `2d` before now, or an ISO 8601 time. @throws Error that says how to write it. */
export function momentAgo(text: string, now: Date): Date {
  const at = parseMoment(text, now);
  if (!at) throw new Error(`"${text}" is not a time: ${WRITE_A_MOMENT}`);
  return at;
}

const UNIT_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS } as const;

/** `90s`, `15m`, `2h` as milliseconds. @throws Error that says how to write it. */
export function spanMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text.trim()) ?? [];
  if (!count || !unit) throw new Error(`"${text}" is not a duration: write 90s, 15m or 2h`);
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]; // the pattern allows no other
}

import { parseMoment, WRITE_A_MOMENT } from '../values/time.ts';

/** `90m`, `12h`, `2d` before now, or an ISO 8601 time. @throws Error that says how to write it. */
export function momentAgo(text: string, now: Date): Date {
  const at = parseMoment(text, now);
  if (!at) throw new Error(`"${text}" is no time: ${WRITE_A_MOMENT}`);
  return at;
}

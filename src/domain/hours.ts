import { HOUR_MS } from '../values/units.ts';

/** A week and a day, so that a source's pauses on weekends are known. */
export const HOURS_KEPT = 8 * 24;
const DAY_HOURS = 24;

/** What came from a source in one hour. */
export interface Hour {
  /** Its beginning, epoch milliseconds. */
  readonly atMs: number;
  readonly taken: number;
  readonly ignored: number;
  readonly refused: number;
}

export const emptyHour = (atMs: number): Hour => ({ atMs, taken: 0, ignored: 0, refused: 0 });

const startOf = (ms: number): number => ms - (ms % HOUR_MS);

/** The last 24 hours, oldest first, this one last; those in which nothing came among them. */
export function lastDay(hours: readonly Hour[], now: Date): readonly Hour[] {
  const current = startOf(now.getTime());
  const byTime = new Map(hours.map((hour) => [hour.atMs, hour]));
  return Array.from({ length: DAY_HOURS }, (_, at) => {
    const atMs = current - (DAY_HOURS - 1 - at) * HOUR_MS;
    return byTime.get(atMs) ?? emptyHour(atMs);
  });
}

export const totalOf = (hours: readonly Hour[]): Omit<Hour, 'atMs'> =>
  hours.reduce(
    (sum, { taken, ignored, refused }) => ({
      taken: sum.taken + taken,
      ignored: sum.ignored + ignored,
      refused: sum.refused + refused,
    }),
    { taken: 0, ignored: 0, refused: 0 },
  );

/** Fewer hours show no pattern. */
const HABIT_HOURS = 5;
/** How many times longer than its longest pause a source must be silent. */
const LONGER_THAN_EVER = 2;

/**
 * Since when a source has been unusually silent: for longer than a day, and twice as long as its longest pause of the
 * week before. Refused requests do not count as activity. Undefined: it is not unusually silent.
 */
export function silentSince(hours: readonly Hour[], now: Date): Date | undefined {
  const active = hours.filter(({ taken, ignored }) => taken + ignored > 0);
  const last = active.at(-1);
  if (!last || active.length < HABIT_HOURS) return undefined;
  const pauses = active.slice(1).map(({ atMs }, at) => atMs - (active[at]?.atMs ?? atMs));
  const usualMs = Math.max(DAY_HOURS * HOUR_MS, LONGER_THAN_EVER * Math.max(...pauses));
  return now.getTime() - last.atMs > usualMs ? new Date(last.atMs) : undefined;
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90m`, `12h`, `2d` before now, or an ISO 8601 time. @throws Error that says how to write it. */
export function momentAgo(text: string, now: Date): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count && unit) return new Date(now.getTime() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]); // the pattern allows no other
  const at = new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : Number.NaN);
  if (Number.isNaN(at.getTime())) throw new Error(`"${text}" is no time: write 90m, 12h, 2d or 2026-03-14T20:00:00Z`);
  return at;
}

/**
 * Reads the layouts that GitLab, Bitbucket and Argo CD send: ISO 8601 with any offset and any fraction,
 * `2021-04-28 21:50:00 +0200`, `2022-04-09 19:26:31 UTC`, and epoch milliseconds.
 * A time without a zone is refused: it would be read in the zone of this machine.
 * @returns ISO 8601 UTC with milliseconds, or undefined for anything else.
 */
export function toIso(time: string | number | null | undefined): string | undefined {
  if (typeof time === 'number') return fromEpochMs(time);
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)$/i.exec(
    time?.trim() ?? '',
  );
  if (!parts) return undefined;
  const [, date, clock, fraction = '', zone = 'Z'] = parts;
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(...):?(..)$/, '$1:$2') : 'Z';
  return fromEpochMs(Date.parse(`${date}T${clock}${fraction.slice(0, 4)}${offset}`));
}

function fromEpochMs(epochMs: number): string | undefined {
  const year2200Ms = 7_258_118_400_000; // past it, somebody sent nanoseconds or nonsense
  return epochMs > 0 && epochMs < year2200Ms ? new Date(epochMs).toISOString() : undefined;
}

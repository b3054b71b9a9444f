const MINUTE_MS = 60_000;

/** 0: go now, and it is counted. Otherwise so long until there is room. */
export type RateLimit = (nowMs: number) => number;

/** At most so many in any minute, of this process. A destination that counts otherwise says so with a 429. */
export function createRateLimit(perMinute: number | undefined): RateLimit {
  if (perMinute === undefined) return () => 0;
  let sent: number[] = [];
  return (nowMs) => {
    sent = sent.filter((atMs) => atMs > nowMs - MINUTE_MS);
    const [oldest] = sent;
    if (oldest !== undefined && sent.length >= perMinute) return oldest + MINUTE_MS - nowMs;
    sent.push(nowMs);
    return 0;
  };
}

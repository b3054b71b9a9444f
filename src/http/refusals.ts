import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { memoized } from '../values/memoized.ts';

/** A sender that was repaired is heard again after this time. */
const WINDOW_MS = 60_000;
/** Counting does not limit a sender with more addresses than this. */
const COUNTED_ADDRESSES = 20_000;
/** An IPv6 customer gets at least a network of this size: refusing a single address of it has no effect. */
const IPV6_PREFIX_GROUPS = 4;

/**
 * Counts refused requests, by address and minute. It never holds back an authenticated sender: GitLab does not send
 * again, and one proxy may forward everybody's requests.
 */
export interface RefusalLimit {
  /** True when this address has been refused too often in this minute. */
  isBeyond(address: string): boolean;
  /** One more. */
  count(address: string): void;
  /** Seconds until requests of this address are answered again. */
  retryAfter(address: string): number;
}

export function createRefusalLimit(perMinute: number, clock: () => number = Date.now): RefusalLimit {
  // It takes memory for all addresses at once, so it is made with the first refusal.
  let windows: LRUCache<string, { startedMs: number; refused: number }> | undefined;
  const current = (address: string) => {
    const window = windows?.get(address);
    return window && clock() - window.startedMs < WINDOW_MS ? window : undefined;
  };
  return {
    isBeyond: (address) => (current(address)?.refused ?? 0) >= perMinute,
    count(address) {
      const window = current(address);
      if (window) window.refused += 1;
      else {
        windows ??= new LRUCache({ max: COUNTED_ADDRESSES });
        windows.set(address, { startedMs: clock(), refused: 1 });
      }
    },
    retryAfter(address) {
      const startedMs = current(address)?.startedMs ?? clock();
      return Math.max(1, Math.ceil((startedMs + WINDOW_MS - clock()) / 1000));
    },
  };
}

/** The key of the count: an IPv4 address, or the network of an IPv6 one. */
export const networkOf = (ip: string | undefined): string => (ip === undefined ? 'unknown' : networkOfAddress(ip));

const networkOfAddress = memoized((ip: string): string => {
  if (!ipaddr.isValid(ip)) return 'unknown';
  const address = ipaddr.process(ip);
  return address instanceof ipaddr.IPv6
    ? `${address.parts
        .slice(0, IPV6_PREFIX_GROUPS)
        .map((group) => group.toString(16))
        .join(':')}::/64`
    : address.toString();
});

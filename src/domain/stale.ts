import type { Deployment } from './deployment.ts';
import { isFinal } from './deployment.ts';
import type { Predecessor } from './succession.ts';

const MINUTE_MS = 60_000;
/** Nothing takes longer without somebody wanting to know. */
const LONGEST_MS = 24 * 60 * MINUTE_MS;
/** What usually takes seconds may take this long before it is worth a look. */
const SHORTEST_MS = 30 * MINUTE_MS;
/** So many times the usual duration is not usual. */
const FACTOR = 5;
/** Fewer durations say nothing about what is usual. */
const LEAST_KNOWN = 3;

/**
 * From when on a deployment that has not ended has taken too long: five times what is usual in its place, between half
 * an hour and a day. Nothing is concluded from it; it is shown.
 */
export function withStaleness(deployment: Deployment, earlier: readonly Predecessor[]): Deployment {
  if (isFinal(deployment.state)) return deployment;
  const took = earlier.flatMap(({ tookMs }) => (tookMs === undefined ? [] : [tookMs])).sort((a, b) => a - b);
  const usualMs = took.length < LEAST_KNOWN ? undefined : took[Math.floor(took.length / 2)];
  const limitMs = usualMs === undefined ? LONGEST_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, FACTOR * usualMs));
  const since = Date.parse(deployment.startedAt ?? deployment.occurredAt);
  return { ...deployment, staleAfter: new Date(since + limitMs).toISOString() };
}

/** True when it should have ended by now. */
export const isStale = ({ staleAfter }: Pick<Deployment, 'staleAfter'>, now: Date): boolean =>
  staleAfter !== undefined && staleAfter < now.toISOString();

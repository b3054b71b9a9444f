import { MINUTE_MS } from '../values/units.ts';
import type { Deployment } from './deployment.ts';
import { isFinal } from './deployment.ts';
import type { Predecessor } from './succession.ts';

/** A deployment that takes longer is stale in any case. */
const LONGEST_MS = 24 * 60 * MINUTE_MS;
/** A deployment that takes less is never stale, even where seconds are usual. */
const SHORTEST_MS = 30 * MINUTE_MS;
/** How many times the usual duration counts as stale. */
const FACTOR = 5;
/** Fewer durations do not show what is usual. */
const LEAST_KNOWN = 3;

/**
 * The time from which a deployment that has not ended is stale: five times the usual duration of its service and
 * environment, between half an hour and a day. Nothing is inferred from it; it is only shown.
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

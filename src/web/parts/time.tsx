import { type Deployment, isFinal } from '../../domain/deployment.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../values/units.ts';
import type { Html } from '../html.ts';

/** `2026-03-14 20:05:09 UTC`. The server cannot know the reader's zone, so it names its own. */
export function exactTime(iso: string): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? iso : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The same as markup: our script converts it to the reader's own zone. */
export const Moment = ({ at }: { at: string }): Html => <span class="exact">{exactTime(at)}</span>;

/** How long ago, or how far ahead: the sender's clock may be fast. */
function relativeTime(iso: string, now: Date): string {
  const ms = now.getTime() - Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  if (Math.abs(ms) < 5 * SECOND_MS) return 'just now';
  return ms > 0 ? `${roughly(ms)} ago` : `in ${roughly(-ms)}`;
}

export const When = ({ at, now }: { at: string; now: Date }): Html => (
  <time datetime={at}>
    {relativeTime(at, now)} <Moment at={at} />
  </time>
);

function roughly(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** `2 min 5 s`: the two largest units. */
export function span(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/**
 * How long it took, or has taken so far. Absent where a start or an end is unknown, or the clocks contradict each
 * other.
 */
export function durationOf({ startedAt, finishedAt, state }: Deployment, now: Date): string | undefined {
  const end = finishedAt ? Date.parse(finishedAt) : state === 'running' ? now.getTime() : undefined;
  if (!startedAt || end === undefined) return undefined;
  const ms = end - Date.parse(startedAt);
  if (!(ms >= 0)) return undefined;
  return isFinal(state) ? span(ms) : `${roughly(ms)} so far`;
}

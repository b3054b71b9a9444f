import type { Window } from '../../domain/timeline.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../values/units.ts';
import type { Html } from '../html.ts';

/** Steps at which people read a clock and a calendar. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY_MS),
];
/** The labels of more would touch each other on a narrow screen. */
const MAX_TICKS = 8;

/** Lines and times behind the lanes. The script moves them to the reader's hours and days. */
export function Scale({ fromMs, toMs }: Window): Html {
  const step =
    STEPS.find((ms) => (toMs - fromMs) / ms <= MAX_TICKS) ??
    365 * DAY_MS * Math.ceil((toMs - fromMs) / (MAX_TICKS * 365 * DAY_MS));
  const first = Math.ceil(fromMs / step) * step;
  const ticks = Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, at) => first + at * step,
  );
  const position = (ms: number) => ((ms - fromMs) / Math.max(1, toMs - fromMs)) * 100;
  return (
    <svg class="scale" aria-hidden="true" width="100%" height="100%" data-step={step}>
      {ticks.map((ms) => {
        const x = `${position(ms).toFixed(2)}%`;
        return (
          <g class="tick" data-at={ms}>
            <line x1={x} x2={x} y1="1.2rem" y2="100%" />
            <text x={x} y="0.9rem" text-anchor={anchorOf(position(ms))}>
              {tickLabel(ms, step)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** No label is cut off at the ends. The script does the same. */
const anchorOf = (at: number) => (at < 3 ? 'start' : at > 97 ? 'end' : 'middle');

/** `14:00`, and the day at its beginning. */
function tickLabel(ms: number, step: number): string {
  const date = new Date(ms);
  if (step < DAY_MS && ms % DAY_MS !== 0) return date.toISOString().slice(11, 16);
  return date.toLocaleDateString('en', {
    month: 'short',
    day: 'numeric',
    timeZone: 'UTC',
    ...(step > 180 * DAY_MS && { year: 'numeric' }),
  });
}

import type { Day } from '../../domain/performance.ts';
import type { Html } from '../html.ts';

/** Units of the drawing, which is scaled. */
const BAR = 10;
const HEIGHT = 60;

/** One bar a day; failures are stacked on successes. The figures are in its title, and as text for screen readers. */
export function Bars({ days }: { days: readonly Day[] }): Html {
  const most = Math.max(1, ...days.map(({ succeeded, failed }) => succeeded + failed));
  const busiest = days.reduce((best, day) => (day.succeeded + day.failed > best.succeeded + best.failed ? day : best));
  const label =
    `Finished deployments a day, ${days[0]?.date} to ${days.at(-1)?.date}; ` +
    `most on ${busiest.date}: ${busiest.succeeded + busiest.failed}`;
  const dates = [days[0], days[Math.floor((days.length - 1) / 2)], days.at(-1)].map((day) => day?.date);
  return (
    <figure class="chart">
      <div class="axis up" aria-hidden="true">
        <span>{most}</span>
        <span>0</span>
      </div>
      <svg
        class="bars"
        role="img"
        aria-label={label}
        viewBox={`0 0 ${days.length * BAR} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {days.map((day, at) => (
          <Bar day={day} x={at * BAR} most={most} />
        ))}
      </svg>
      <div class="axis along" aria-hidden="true">
        {dates.map((date) => (
          <span>{date}</span>
        ))}
      </div>
      <figcaption class="legend">
        <span>
          <span class="swatch failed" /> failed, on top
        </span>
        <span>
          <span class="swatch succeeded" /> succeeded
        </span>
      </figcaption>
    </figure>
  );
}

function Bar({ day: { date, succeeded, failed }, x, most }: { day: Day; x: number; most: number }): Html {
  const height = (number: number) => Math.round((number / most) * HEIGHT * 10) / 10;
  const top = HEIGHT - height(succeeded) - height(failed);
  const box = { x: x + 1, width: BAR - 2 };
  return (
    <g>
      <title>{`${date}: ${succeeded} succeeded, ${failed} failed`}</title>
      <rect class="none" x={x} width={BAR} y="0" height={HEIGHT} />
      <rect class="failed" {...box} y={top} height={height(failed)} />
      <rect class="succeeded" {...box} y={HEIGHT - height(succeeded)} height={height(succeeded)} />
    </g>
  );
}

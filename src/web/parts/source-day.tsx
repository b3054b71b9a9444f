import { type Hour, lastDay, silentSince, totalOf } from '../../domain/hours.ts';
import type { Html } from '../html.ts';
import { When } from './time.tsx';

/** Units of the drawing, which is scaled. */
const COLUMN = 10;
const HEIGHT = 24;
const KINDS = ['taken', 'ignored', 'refused'] as const;
/** The counters as the inbox names them. */
const VERDICTS = { taken: 'recorded', ignored: 'ignored', refused: 'rejected' } as const;

const countOf = ({ taken, ignored, refused }: Omit<Hour, 'atMs'>): number => taken + ignored + refused;

export interface SourceDayView {
  readonly source: string;
  /** True where silence says nothing about the connection. */
  readonly isQuietWhenWell: boolean;
  readonly hours: readonly Hour[];
  readonly now: Date;
}

/** What came from a source in the last 24 hours, an hour a column, and whether it fell silent. */
export function SourceDay({ source, isQuietWhenWell, hours, now }: SourceDayView): Html {
  const day = lastDay(hours, now);
  const total = totalOf(day);
  const silent = isQuietWhenWell ? undefined : silentSince(hours, now);
  const most = Math.max(1, ...day.map(countOf));
  const came = countOf(total);
  const counts = KINDS.map((kind) => `${total[kind]} ${VERDICTS[kind]}`);
  return (
    <>
      {silent && (
        <p class="complaint">
          Silent since <When at={silent.toISOString()} now={now} />, longer than it ever was. Look in the tool whether
          its webhook is disabled.
        </p>
      )}
      {came > 0 && (
        <div class="day">
          <svg
            role="img"
            aria-label={`${source}, the last 24 hours: ${counts.join(', ')}`}
            viewBox={`0 0 ${day.length * COLUMN} ${HEIGHT}`}
            preserveAspectRatio="none"
          >
            {day.map((hour, at) => countOf(hour) > 0 && <Column hour={hour} x={at * COLUMN} most={most} />)}
          </svg>
          <p>
            <span class="mute">24 h:</span>{' '}
            {KINDS.map((kind, at) => [at > 0 && ' · ', <Count of={total[kind]} kind={kind} source={source} />])}
          </p>
        </div>
      )}
    </>
  );
}

const Count = ({ of, kind, source }: { of: number; kind: (typeof KINDS)[number]; source: string }): Html =>
  of === 0 ? (
    <span class="mute">0 {VERDICTS[kind]}</span>
  ) : (
    <a href={`/inbox?${new URLSearchParams({ source, verdict: VERDICTS[kind] })}`} class={kind}>
      {of.toLocaleString('en')} {VERDICTS[kind]}
    </a>
  );

function Column({ hour, x, most }: { hour: Hour; x: number; most: number }): Html {
  const { atMs, taken, ignored, refused } = hour;
  const height = (count: number) => Math.round((count / most) * HEIGHT * 10) / 10;
  const when = new Date(atMs).toISOString().slice(11, 16);
  const place = { x: x + 1, width: COLUMN - 2 };
  return (
    <g>
      <title>{`${when} UTC: ${taken} recorded, ${ignored} ignored, ${refused} rejected`}</title>
      <rect class="none" x={x} width={COLUMN} y="0" height={HEIGHT} />
      <rect class="taken" {...place} y={HEIGHT - height(taken)} height={height(taken)} />
      <rect class="ignored" {...place} y={HEIGHT - height(taken) - height(ignored)} height={height(ignored)} />
      <rect
        class="refused"
        {...place}
        y={HEIGHT - height(taken) - height(ignored) - height(refused)}
        height={height(refused)}
      />
    </g>
  );
}

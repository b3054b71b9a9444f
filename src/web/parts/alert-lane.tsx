import type { Alert } from '../../domain/alert.ts';
import { serviceOf } from '../../domain/alert.ts';
import { type Group, type MarkerSize, mergeOverlapping, NARROW, WIDE, type Window } from '../../domain/timeline.ts';
import { alertPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { exactTime } from './time.tsx';
import { Shape } from './timeline-marks.tsx';

const ROW_REM = 1.15; // a mark of 1 rem, and the space around it

export interface AlertLaneView {
  /** The newest first. */
  readonly alerts: readonly Alert[];
  readonly window: Window;
  /** The page of one span of time. */
  readonly spanAddress: (window: Window) => string;
}

/** The alerts of the span, above the lanes of the changes. Nothing where there were none. */
export function AlertLane({ alerts, window, spanAddress }: AlertLaneView): Html {
  if (alerts.length === 0) return <></>;
  const firing = alerts.filter(({ state }) => state === 'firing').length;
  return (
    <li class="lane">
      <div class="lane-name">
        <a href="/alerts">alerts</a> <span class="mute">{alerts.length.toLocaleString('en')}</span>
      </div>
      <svg
        class="picture"
        role="group"
        aria-label={`alerts: ${alerts.length}, of which ${firing} firing`}
        width="100%"
        height={`${ROW_REM}rem`}
      >
        <Layer room="wide" size={WIDE} {...{ alerts, window, spanAddress }} />
        <Layer room="narrow" size={NARROW} {...{ alerts, window, spanAddress }} />
      </svg>
    </li>
  );
}

interface LayerView extends AlertLaneView {
  readonly room: 'wide' | 'narrow';
  readonly size: MarkerSize;
}

function Layer({ room, size, alerts, window, spanAddress }: LayerView): Html {
  const groups = mergeOverlapping(alerts.toReversed().map(positioned(window)), size);
  return (
    <g class={room}>
      {groups.map((group, index) => (
        <Mark group={group} isStop={index === groups.length - 1} spanAddress={spanAddress} />
      ))}
    </g>
  );
}

function positioned({ fromMs, toMs }: Window): (alert: Alert) => Group<Alert> {
  const width = Math.max(1, toMs - fromMs);
  return (alert) => {
    const ms = Date.parse(alert.startedAt);
    const at = Math.min(100, Math.max(0, ((ms - fromMs) / width) * 100));
    return { at, count: 1, fromMs: ms, toMs: ms, newest: alert };
  };
}

interface MarkView extends Pick<AlertLaneView, 'spanAddress'> {
  readonly group: Group<Alert>;
  readonly isStop: boolean;
}

function Mark({ group, isStop, spanAddress }: MarkView): Html {
  const { count, fromMs, toMs, newest } = group;
  const [x, y] = [`${group.at.toFixed(2)}%`, `${((ROW_REM - 1) / 2).toFixed(2)}rem`];
  const tabindex = isStop ? '0' : '-1';
  if (count > 1)
    return (
      <a class="mark many alert" href={spanAddress({ fromMs, toMs })} tabindex={tabindex}>
        <title>{`${count} alerts, ${moment(fromMs)} to ${moment(toMs)}`}</title>
        <svg x={x} y={y} width="1.75rem" height="1rem" viewBox="0 0 28 16">
          <rect width="28" height="16" rx="8" />
          <text x="14" y="12">{`!${count < 1000 ? count : `${Math.round(count / 1000)}k`}`}</text>
        </svg>
      </a>
    );
  const where = [serviceOf(newest), newest.environment].filter((name) => name !== undefined).join(', ');
  return (
    <a class={`mark alert ${newest.state}`} href={alertPath(newest.id)} tabindex={tabindex}>
      <title>{`alert ${newest.title}${where && ` (${where})`}, ${newest.state}, ${moment(fromMs)}`}</title>
      <Shape id="m-alert" x={x} y={y} />
    </a>
  );
}

const moment = (ms: number): string => exactTime(new Date(ms).toISOString());

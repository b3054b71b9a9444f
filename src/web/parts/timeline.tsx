import type { Alert } from '../../domain/alert.ts';
import type { State } from '../../domain/change-record.ts';
import {
  type Group,
  mergeOverlapping,
  NARROW,
  type Row,
  type Swimlane,
  WIDE,
  type Window,
} from '../../domain/timeline.ts';
import { deploymentPath } from '../../values/own-page.ts';
import type { Html } from '../html.ts';
import { AlertLane } from './alert-lane.tsx';
import { exactTime } from './time.tsx';
import { type Lines, type PlacedGroup, placeInLines } from './timeline-lines.ts';
import { Shape, Shapes } from './timeline-marks.tsx';
import { Scale } from './timeline-scale.tsx';

/**
 * All sizes are in rem, so that they grow with the text; positions are in hundredths of the width, so that they fit any
 * screen.
 */
const ROW_REM = 1.15;

export interface ShownLane extends Swimlane {
  /** Distinguishes it from another one with its name. */
  readonly qualifier?: string;
  /** What its page is filtered by, unless it is its name. */
  readonly filter?: string;
}

export interface TimelineView {
  readonly lanes: readonly ShownLane[];
  /** What each lane is. */
  readonly of: 'environment' | 'service';
  readonly window: Window;
  /** The newest first. */
  readonly alerts: readonly Alert[];
  /** The page of one lane. */
  readonly laneAddress: (name: string) => string;
  /** The page of one time span. */
  readonly spanAddress: (window: Window) => string;
}

/** The list below has the same as text. */
export const Timeline = ({ lanes, of, window, alerts, laneAddress, spanAddress }: TimelineView): Html => (
  <div
    class="timeline"
    id="timeline"
    role="group"
    aria-label={`Timeline, one lane ${of === 'service' ? 'a service' : 'an environment'}; the list below has all`}
    data-from={window.fromMs}
    data-to={window.toMs}
  >
    <Shapes />
    <Scale {...window} />
    <ol class="lanes">
      <AlertLane {...{ alerts, window, spanAddress }} />
      {lanes.map((lane) => (
        <li class="lane">
          <div class="lane-name">
            {lane.filters ? (
              <a href={laneAddress(lane.filter ?? lane.name)}>
                <bdi>{lane.name}</bdi>
                {lane.qualifier !== undefined && [' ', <bdi class="mute">{lane.qualifier}</bdi>]}
              </a>
            ) : (
              lane.name
            )}{' '}
            <span class="mute">{lane.count.toLocaleString('en')}</span>
          </div>
          <Picture lane={lane} address={spanAddress} />
        </li>
      ))}
    </ol>
  </div>
);

type Address = TimelineView['spanAddress'];

function Picture({ lane, address }: { lane: ShownLane; address: Address }): Html {
  const { rows, count } = lane;
  const name = [lane.name, lane.qualifier ?? []].flat().join(', ');
  const drawn = rows.flatMap(({ groups }) => groups);
  // One tab stop a lane, on the newest mark; the arrow keys move on from there (assets/shiplog.js).
  const stop = drawn.reduce<Group | undefined>(
    (newest, one) => (newest && newest.toMs >= one.toMs ? newest : one),
    undefined,
  );
  const merged = rows.map((row) => ({ ...row, groups: mergeOverlapping(row.groups, NARROW) }));
  const [wide, narrow] = [placeInLines(rows, WIDE), placeInLines(merged, NARROW)];
  const layer = (room: 'wide' | 'narrow', { marks }: Lines) => (
    <g class={room}>
      {marks.map((mark) => (
        <Mark {...mark} address={address} isStop={mark.group === stop || mark.group.newest === stop?.newest} />
      ))}
    </g>
  );
  const description = rows.map(({ row, count }) => `${count} ${WORDS[row]}`).join(', ');
  return (
    <svg
      class={`picture lines-${narrow.count}`}
      role="group"
      aria-label={`${name}: ${count} ${count === 1 ? 'change' : 'changes'}: ${description}`}
      width="100%"
      height={`${(wide.count * ROW_REM).toFixed(2)}rem`}
    >
      {layer('wide', wide)}
      {layer('narrow', narrow)}
    </svg>
  );
}

const WORDS: Readonly<Record<Row, string>> = {
  rollback: 'rolled back',
  failed: 'failed',
  busy: 'under way',
  done: 'succeeded or canceled',
};

interface MarkView extends PlacedGroup {
  readonly isStop: boolean;
  readonly address: Address;
}

interface PositionedMark extends MarkView {
  readonly x: string;
  readonly y: string;
  readonly tabindex: '0' | '-1';
}

function Mark(view: MarkView): Html {
  const { group, line, isStop } = view;
  const placed: PositionedMark = {
    ...view,
    x: `${group.at.toFixed(2)}%`,
    y: `${(line * ROW_REM + (ROW_REM - 1) / 2).toFixed(2)}rem`,
    tabindex: isStop ? '0' : '-1',
  };
  return group.count > 1 ? <Many {...placed} /> : <One {...placed} />;
}

function Many({ group, row, x, y, tabindex, address }: PositionedMark): Html {
  const label = `${SIGN[row]}${short(group.count)}`;
  const description = `${group.count} ${WORDS[row]}, ${moment(group.fromMs)} to ${moment(group.toMs)}`;
  return (
    <a class={`mark many ${row}`} href={address({ fromMs: group.fromMs, toMs: group.toMs })} tabindex={tabindex}>
      <title>{description}</title>
      <svg x={x} y={y} width="1.75rem" height="1rem" viewBox="0 0 28 16">
        <rect width="28" height="16" rx="8" />
        <text x="14" y="12" class={label.length > 3 && 'tight'}>
          {label}
        </text>
      </svg>
    </a>
  );
}

function One({ group, x, y, tabindex }: PositionedMark): Html {
  const { key, atMs, state, changeType, service, environment, revision, actor } = group.newest;
  const type = changeType === 'deployment' || changeType === 'rollback' ? changeType : 'other';
  const sign = SIGNED.has(state) ? state : type === 'rollback' ? 'back' : undefined;
  const kind =
    changeType === 'deployment' ? '' : changeType === 'rollback' ? ' roll-back' : ` ${changeType.replaceAll('_', ' ')}`;
  const what = `${service}${revision === undefined ? '' : ` @ ${revision}`} to ${environment.name}:${kind} ${state}`;
  return (
    <a class={`mark ${state} ${type}`} href={deploymentPath(key)} tabindex={tabindex}>
      <title>{`${what}${actor === undefined ? '' : `, ${actor}`}, ${moment(atMs)}`}</title>
      <Shape id={`m-${type}`} x={x} y={y} />
      {sign !== undefined && <Shape id={`s-${sign}`} x={x} y={y} />}
    </a>
  );
}

const SIGNED: ReadonlySet<State> = new Set(['failed', 'canceled']);
const SIGN: Readonly<Record<Row, string>> = { rollback: '↩', failed: '✕', busy: '', done: '' };

const moment = (ms: number): string => exactTime(new Date(ms).toISOString());

/** `999`, `2k`, `100k`: short enough for a mark; its title has the exact number. */
const short = (count: number): string => (count < 1000 ? String(count) : `${Math.round(count / 1000)}k`);

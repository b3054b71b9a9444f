import type { State } from '../domain/change-record.ts';
import { type Group, gather, type Lane, NARROW, type Row, type Window } from '../domain/timeline.ts';
import { deploymentPath, exactTime } from './format.ts';
import { type Html, html } from './html.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Steps that a person reads a clock and a calendar by. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY_MS),
];
const MAX_TICKS = 8;
/** All sizes are in rem, so that they grow with the text; places are in hundredths of the width, so that they fit any screen. */
const ROW_REM = 1.3;

export interface TimelineView {
  readonly lanes: readonly Lane[];
  readonly window: Window;
  /** The page of one lane. */
  readonly laneAddress: (name: string) => string;
  /** The page of one span of time. */
  readonly spanAddress: (window: Window) => string;
}

/** The list beneath says the same in words: the picture is for the eye. */
export function timeline({ lanes, window, laneAddress, spanAddress }: TimelineView): Html {
  return html`<div class="timeline" id="timeline" role="group" aria-label="Timeline, one lane an environment; the list below holds the same changes" data-from="${window.fromMs}" data-to="${window.toMs}">
${SHAPES}
${scale(window)}
<ol class="lanes">${lanes.map(
    (lane) => html`<li class="lane"><div class="lane-name">${nameOf(lane, laneAddress)}</div>
${picture(lane, spanAddress)}</li>`,
  )}</ol>
</div>
${LEGEND}`;
}

const nameOf = ({ name, filters, count }: Lane, address: (name: string) => string): Html =>
  html`${filters ? html`<a href="${address(name)}"><bdi>${name}</bdi></a>` : name} <span class="mute">${count.toLocaleString('en')}</span>`;

/** The shape says what kind of change it is, the sign in it how it ended: none of it by colour alone. */
const SHAPES = html`<svg class="shapes" aria-hidden="true" width="0" height="0"><defs>
<symbol id="m-deployment" viewBox="-8 -8 16 16" overflow="visible"><circle r="5.5"/></symbol>
<symbol id="m-rollback" viewBox="-8 -8 16 16" overflow="visible"><rect x="-8" y="-7" width="16" height="14" rx="3.5"/></symbol>
<symbol id="m-other" viewBox="-8 -8 16 16" overflow="visible"><path d="M0-7 7 0 0 7-7 0z"/></symbol>
<symbol id="s-failed" viewBox="-8 -8 16 16" overflow="visible"><path class="sign" d="m-2.4-2.4 4.8 4.8m0-4.8-4.8 4.8"/></symbol>
<symbol id="s-back" viewBox="-8 -8 16 16" overflow="visible"><path class="sign" d="M4.4 0h-8M0-3.8-3.8 0 0 3.8"/></symbol>
<symbol id="s-canceled" viewBox="-8 -8 16 16" overflow="visible"><path class="sign" d="M-3 0h6"/></symbol>
</defs></svg>`;

function picture({ name, rows, count }: Lane, address: (window: Window) => string): Html {
  const height = `${(rows.length * ROW_REM).toFixed(2)}rem`;
  const drawn = rows.flatMap(({ groups }, index) => groups.map((group) => ({ group, index })));
  // One tab stop a lane, on the newest; the arrow keys go on from there (assets/shiplog.js).
  const stop = drawn.reduce<Group | undefined>(
    (newest, { group }) => (newest && newest.toMs >= group.toMs ? newest : group),
    undefined,
  );
  const layer = (room: 'wide' | 'narrow') =>
    html`<g class="${room}">${rows.map(({ row, groups }, index) =>
      (room === 'wide' ? groups : gather(groups, NARROW)).map((group) =>
        mark({ group, row, index, stop: group === stop || group.newest === stop?.newest, address }),
      ),
    )}</g>`;
  const words = rows.map(({ row, count }) => `${count} ${WORDS[row]}`).join(', ');
  return html`<svg class="picture" role="group" aria-label="${name}: ${count} ${count === 1 ? 'change' : 'changes'}: ${words}" width="100%" height="${height}">${layer('wide')}${layer('narrow')}</svg>`;
}

const WORDS: Readonly<Record<Row, string>> = {
  rollback: 'rolled back',
  failed: 'failed',
  busy: 'under way',
  done: 'succeeded or canceled',
};

interface MarkView {
  readonly group: Group;
  readonly row: Row;
  readonly index: number;
  readonly stop: boolean;
  readonly address: (window: Window) => string;
}

function mark({ group, row, index, stop, address }: MarkView): Html {
  const place = { x: `${group.at.toFixed(2)}%`, y: `${(index * ROW_REM + (ROW_REM - 1) / 2).toFixed(2)}rem` };
  const focus = stop ? '0' : '-1';
  if (group.count > 1) {
    const href = address({ fromMs: group.fromMs, toMs: group.toMs });
    const label = `${SIGN[row]}${short(group.count)}`;
    return html`<a class="mark many ${row}" href="${href}" tabindex="${focus}"><title>${group.count} ${WORDS[row]}, ${moment(group.fromMs)} to ${moment(group.toMs)}</title><svg x="${place.x}" y="${place.y}" width="1.75rem" height="1rem" viewBox="0 0 28 16"><rect width="28" height="16" rx="8"/><text x="14" y="12"${label.length > 3 && html` class="tight"`}>${label}</text></svg></a>`;
  }
  const { key, state, changeType, service, environment, revision, actor } = group.newest;
  const type = changeType === 'deployment' || changeType === 'rollback' ? changeType : 'other';
  const sign = SIGNED.has(state) ? state : type === 'rollback' ? 'back' : undefined;
  const kind =
    changeType === 'deployment' ? '' : ` ${changeType === 'rollback' ? 'roll-back' : changeType.replaceAll('_', ' ')}`;
  const what = html`${service}${revision !== undefined && html` @ ${revision}`} to ${environment.name}:${kind} ${state}${actor !== undefined && html`, ${actor}`}, ${moment(group.newest.atMs)}`;
  return html`<a class="mark ${state} ${type}" href="${deploymentPath(key)}" tabindex="${focus}"><title>${what}</title>${shape(`m-${type}`, place)}${sign !== undefined && shape(`s-${sign}`, place)}</a>`;
}

const SIGNED: ReadonlySet<State> = new Set(['failed', 'canceled']);
const SIGN: Readonly<Record<Row, string>> = { rollback: '↩', failed: '✕', busy: '', done: '' };

const shape = (id: string, { x, y }: { x: string; y: string }): Html =>
  html`<use href="#${id}" x="${x}" y="${y}" width="1rem" height="1rem"/>`;

const moment = (ms: number): string => exactTime(new Date(ms).toISOString());

/** `999`, `2k`, `100k`: what fits a mark; its words say it exactly. */
const short = (count: number): string => (count < 1000 ? String(count) : `${Math.round(count / 1000)}k`);

/** Lines and times behind the lanes. The script moves them to the reader's hours and days. */
function scale({ fromMs, toMs }: Window): Html {
  const step =
    STEPS.find((ms) => (toMs - fromMs) / ms <= MAX_TICKS) ??
    365 * DAY_MS * Math.ceil((toMs - fromMs) / (MAX_TICKS * 365 * DAY_MS));
  const first = Math.ceil(fromMs / step) * step;
  const ticks = Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, at) => first + at * step,
  );
  const x = (ms: number) => ((ms - fromMs) / Math.max(1, toMs - fromMs)) * 100;
  return html`<svg class="scale" aria-hidden="true" width="100%" height="100%" data-step="${step}">${ticks.map((ms) => {
    const at = `${x(ms).toFixed(2)}%`;
    return html`<g class="tick" data-at="${ms}"><line x1="${at}" x2="${at}" y1="1.2rem" y2="100%"/><text x="${at}" y="0.9rem" text-anchor="${anchorOf(x(ms))}">${tickLabel(ms, step)}</text></g>`;
  })}</svg>`;
}

/** Nothing is cut off at the ends. The script says the same. */
const anchorOf = (at: number): string => (at < 3 ? 'start' : at > 97 ? 'end' : 'middle');

/** `14:00`, and the day where a day begins. */
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

const key = (state: string, type: string, words: string, sign?: string): Html =>
  html`<span><svg class="key" aria-hidden="true" viewBox="0 0 16 16"><g class="mark ${state} ${type}"><use href="#m-${type}" width="16" height="16"/>${sign && html`<use href="#s-${sign}" width="16" height="16"/>`}</g></svg> ${words}</span>`;

const LEGEND = html`<p class="legend">${key('succeeded', 'rollback', 'roll-back', 'back')}${key('failed', 'deployment', 'failed', 'failed')}${key('running', 'deployment', 'running')}${key('pending', 'deployment', 'pending')}${key('succeeded', 'deployment', 'succeeded')}${key('canceled', 'deployment', 'canceled', 'canceled')}${key('succeeded', 'other', 'another kind of change')}<span>A number: so many at once; it zooms in.</span></p>`;

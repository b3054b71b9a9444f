import { Tier } from './change-record.ts';
import { laneOf } from './lane.ts';
import type { Dot, Kind, Mark } from './mark.ts';
import { tierOf } from './tier.ts';

/** What stands in one row of a lane. Trouble stands above what went well. */
export const ROWS = ['rollback', 'failed', 'busy', 'done'] as const;
export type Row = (typeof ROWS)[number];

/** One mark, or several that would cover one another. */
export interface Group<Newest = Mark> {
  /** Where it stands, 0 to 100 from left to right. */
  readonly at: number;
  readonly count: number;
  /** Epoch milliseconds of the first and the last. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly newest: Newest;
}

export interface Lane {
  readonly name: string;
  /** False for what stands for lanes that found no place. */
  readonly filters: boolean;
  readonly count: number;
  readonly rows: readonly { readonly row: Row; readonly count: number; readonly groups: readonly Group[] }[];
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** More lanes than this are a list, not a picture: the rest share the last one. */
const MAX_LANES = 24;

/**
 * Room that a mark takes, in hundredths of the width: one, and several with their count. At most 72 of one row stand
 * side by side.
 */
export interface Room {
  readonly one: number;
  readonly many: number;
}
export const WIDE: Room = { one: 1.4, many: 2.7 };
/** A telephone. */
export const NARROW: Room = { one: 4.6, many: 9 };

const rowOf = ({ changeType, state }: Kind): Row => {
  if (changeType === 'rollback') return 'rollback';
  if (state === 'failed') return 'failed';
  return state === 'pending' || state === 'running' ? 'busy' : 'done';
};

/**
 * One lane an environment: production first, plain names before longer ones, so that the eye finds each in the same
 * place.
 * @param marks newest first.
 */
export function lanesOf(marks: readonly Dot[], window: Window): Lane[] {
  const lanes = [...byLane(marks)]
    .map(([name, own]) => ({ name, own, rank: rankOf(own) }))
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  const shown = lanes.length > MAX_LANES ? lanes.slice(0, MAX_LANES - 1) : lanes;
  const drawn = shown.map(({ name, own }) => ({ name, filters: true, ...draw(own, window) }));
  const rest = lanes.slice(shown.length);
  if (rest.length === 0) return drawn;
  const others = rest.flatMap(({ own }) => own).sort((a, b) => b.atMs - a.atMs);
  return [...drawn, { name: `${rest.length} more`, filters: false, ...draw(others, window) }];
}

/** Names differ in case between tools; the newest spelling counts. */
function byLane(marks: readonly Dot[]): Map<string, Dot[]> {
  const lanes = new Map<string, { name: string; own: Dot[] }>();
  const byKind = new Map<Kind, Dot[]>(); // few kinds, many marks
  const laneOfKind = ({ environment }: Kind): Dot[] => {
    const name = laneOf(environment);
    const lane = lanes.get(name.toLowerCase()) ?? { name, own: [] };
    lanes.set(name.toLowerCase(), lane);
    return lane.own;
  };
  for (const mark of marks) {
    const own = byKind.get(mark.kind) ?? laneOfKind(mark.kind);
    byKind.set(mark.kind, own);
    own.push(mark);
  }
  return new Map([...lanes.values()].map(({ name, own }) => [name, own]));
}

/** By the newest: a tier may have been set right in the meantime. */
const rankOf = ([newest]: readonly Dot[]): number =>
  newest ? Tier.options.indexOf(tierOf(newest.kind.environment)) : Tier.options.length;

function draw(marks: readonly Dot[], window: Window): Pick<Lane, 'count' | 'rows'> {
  const byRow = new Map(ROWS.map((row): [Row, Dot[]] => [row, []]));
  for (const mark of marks) byRow.get(rowOf(mark.kind))?.push(mark);
  const rows = [...byRow].map(([row, own]) => {
    const groups = gather(own.toReversed().map(placed(window)), WIDE);
    return { row, count: own.length, groups: groups.map((group) => ({ ...group, newest: group.newest.mark() })) };
  });
  return { count: marks.length, rows: rows.filter(({ count }) => count > 0) };
}

/** A sender's clock may be fast: what lies ahead stands at the edge. */
function placed({ fromMs, toMs }: Window): (mark: Dot) => Group<Dot> {
  const width = Math.max(1, toMs - fromMs);
  return (mark) => ({
    at: Math.min(100, Math.max(0, ((mark.atMs - fromMs) / width) * 100)),
    count: 1,
    fromMs: mark.atMs,
    toMs: mark.atMs,
    newest: mark,
  });
}

/**
 * Joins what would overlap, from left to right; what was joined takes more room, and so may join what stood before it.
 */
export function gather<Newest>(groups: readonly Group<Newest>[], room: Room): Group<Newest>[] {
  const roomOf = ({ count }: Group<Newest>) => (count > 1 ? room.many : room.one);
  const overlap = (a: Group<Newest>, b: Group<Newest>) => b.at - a.at < (roomOf(a) + roomOf(b)) / 2;
  const done: Group<Newest>[] = [];
  for (const group of groups) {
    let last = group;
    for (let before = done.at(-1); before && overlap(before, last); before = done.at(-1)) {
      done.pop();
      last = join(before, last);
    }
    done.push(last);
  }
  return done;
}

function join<Newest>(a: Group<Newest>, b: Group<Newest>): Group<Newest> {
  const count = a.count + b.count;
  return { at: (a.at * a.count + b.at * b.count) / count, count, fromMs: a.fromMs, toMs: b.toMs, newest: b.newest };
}

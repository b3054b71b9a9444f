import type { Group, MarkerSize, Row, Swimlane } from '../../domain/timeline.ts';

/** The mark of a group, and the line in which it is drawn: 0 is the uppermost. */
export interface PlacedGroup {
  readonly group: Group;
  readonly row: Row;
  readonly line: number;
}

export interface Lines {
  readonly marks: readonly PlacedGroup[];
  /** How many lines there are. */
  readonly count: number;
}

/** Marks of different rows keep more distance than those of one, which merge where they come closer. */
const APART = 1.35;

/**
 * Draws a lane in as few lines as possible, so that more lanes fit on a screen: successes at the bottom, and above them
 * what would overlap.
 */
export function placeInLines(rows: Swimlane['rows'], size: MarkerSize): Lines {
  const lines: Group[][] = []; // from the bottom
  const placed = rows.toReversed().map(({ row, groups }, at) => {
    const isFirst = at === 0; // its marks are apart already
    return groups.map((group) => ({
      group,
      row,
      up: isFirst ? addTo(lines, 0, group) : addAnywhere(lines, group, size),
    }));
  });
  const marks = placed
    .reverse()
    .flatMap((row) => row.map(({ up, ...one }) => ({ ...one, line: lines.length - 1 - up })));
  return { marks, count: lines.length };
}

function addAnywhere(lines: Group[][], group: Group, size: MarkerSize): number {
  const free = lines.findIndex((line) => line.every((other) => isApart(group, other, size)));
  return addTo(lines, free < 0 ? lines.length : free, group);
}

function addTo(lines: Group[][], at: number, group: Group): number {
  const line = lines[at] ?? [];
  lines[at] = line;
  line.push(group);
  return at;
}

function isApart(a: Group, b: Group, size: MarkerSize): boolean {
  const widthOf = ({ count }: Group) => (count > 1 ? size.many : size.one);
  return Math.abs(a.at - b.at) >= (APART * (widthOf(a) + widthOf(b))) / 2;
}

import { stripVTControlCharacters } from 'node:util';
import { graphemesOf } from '../values/graphemes.ts';

export interface Column {
  readonly title: string;
  /** The column may be cut to this many characters where the terminal is too narrow. Absent: never. */
  readonly least?: number;
  readonly paint?: (cell: string) => string;
  /** A column that people copy is never cut. Where it has no room beside the others, it gets a line of its own. */
  readonly whole?: true;
}

const GAP = '  ';

/** @param width of the terminal; undefined: nothing is cut or coloured, for `grep` and `awk`. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | undefined)[])[],
  width?: number,
): string {
  const cells = rows.map((row) => columns.map((_, at) => oneLine(row[at] ?? '')));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widest = columns.map((_, at) => Math.max(...[titles, ...cells].map((row) => widthOf(row[at] ?? ''))));
  const below = new Set(width === undefined ? [] : noRoomFor(columns, widest, width));
  const beside = columns.map((_, at) => at).filter((at) => !below.has(at));
  const inLine = { columns, beside, widths: widthsOf({ columns, beside, widest, width }), isCut: width !== undefined };
  const ownLines = (row: readonly string[]) => [...below].map((at) => `${GAP}${row[at]}`);
  const lines = [
    lineOf(titles, inLine, false),
    ...ownLines(titles),
    ...cells.flatMap((row) => [lineOf(row, inLine, true), ...ownLines(row)]),
  ];
  return `${lines.join('\n')}\n`;
}

interface Shape {
  readonly columns: readonly Column[];
  /** The columns that share a line. */
  readonly beside: readonly number[];
  /** The width of each of them. */
  readonly widths: readonly number[];
  readonly isCut: boolean;
}

function lineOf(row: readonly string[], { columns, beside, widths, isCut }: Shape, painted: boolean): string {
  const parts = beside.map((at, index) => {
    const cell = row[at] ?? '';
    const space = widths[index] ?? 0;
    const cut = isCut ? shorten(cell, space) : cell;
    const paint = painted && isCut ? columns[at]?.paint : undefined;
    const gap = index === beside.length - 1 ? '' : ' '.repeat(Math.max(0, space - widthOf(cut)));
    return `${paint ? paint(cut) : cut}${gap}`;
  });
  return parts.join(GAP).trimEnd();
}

/** A text that is cut to fewer characters is hardly readable. */
const READABLE = 16;

/** The columns that must not be cut and would leave the others too little room. */
function noRoomFor(columns: readonly Column[], widest: readonly number[], width: number): number[] {
  const wanted = columns.map(({ least }, at) => Math.min(widest[at] ?? 0, least ? READABLE : (widest[at] ?? 0)));
  const needed = wanted.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1);
  if (needed <= width) return [];
  return columns.flatMap(({ whole }, at) => (whole ? [at] : []));
}

interface Fitted extends Pick<Shape, 'columns' | 'beside'> {
  readonly widest: readonly number[];
  readonly width: number | undefined;
}

function widthsOf({ columns, beside, widest, width }: Fitted): number[] {
  const own = beside.map((at) => widest[at] ?? 0);
  const shown = beside.flatMap((at) => columns[at] ?? []);
  return width === undefined ? own : fit(shown, own, width);
}

/** Narrows the widest column that may be cut, until the line fits or none may be cut further. */
function fit(columns: readonly Column[], widest: readonly number[], width: number): number[] {
  const widths = [...widest];
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1) - width;
  while (over > 0) {
    const giving = widths
      .map((one, at) => ({ one, at, spare: one - Math.min(one, columns[at]?.least ?? one) }))
      .filter(({ spare }) => spare > 0)
      .sort((a, b) => b.one - a.one)[0];
    if (!giving) break;
    widths[giving.at] = giving.one - 1;
    over -= 1;
  }
  return widths;
}

/** The beginning and `…`, in this many columns of the terminal. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let short = '';
  let used = 0;
  for (const letter of graphemesOf(text)) {
    used += widthOf(letter);
    if (used > width - 1) break;
    short += letter;
  }
  return `${short}…`;
}

/** Terminal escapes, line breaks and bidirectional marks would let a payload write to the terminal. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
}

const WIDE =
  /\p{Extended_Pictographic}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;

/** Columns of the terminal that a text takes; East Asian letters and emoji take two. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of graphemesOf(text)) width += WIDE.test(letter) ? 2 : 1;
  return width;
}

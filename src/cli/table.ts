import { stripVTControlCharacters } from 'node:util';
import { graphemesOf } from '../values/graphemes.ts';

export interface Column {
  readonly title: string;
  /** It may be cut to so many characters where the terminal is too narrow. Absent: never. */
  readonly least?: number;
  readonly paint?: (cell: string) => string;
}

const GAP = '  ';

/** @param width of the terminal; undefined: nothing is cut and nothing painted, for `grep` and `awk`. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | undefined)[])[],
  width?: number,
): string {
  const cells = rows.map((row) => columns.map((_, at) => oneLine(row[at] ?? '')));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widest = columns.map((_, at) => Math.max(...[titles, ...cells].map((row) => widthOf(row[at] ?? ''))));
  const widths = width === undefined ? widest : fit(columns, widest, width);
  const last = columns.length - 1;
  const line = (row: readonly string[], painted: boolean) =>
    row
      .map((cell, at) => {
        const space = widths[at] ?? 0;
        const cut = width === undefined ? cell : shorten(cell, space);
        const paint = painted && width !== undefined ? columns[at]?.paint : undefined;
        return `${paint ? paint(cut) : cut}${at === last ? '' : ' '.repeat(Math.max(0, space - widthOf(cut)))}`;
      })
      .join(GAP)
      .trimEnd();
  return `${[line(titles, false), ...cells.map((row) => line(row, true))].join('\n')}\n`;
}

/** Takes from the widest column that may give, until it fits or none may. */
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

/** The start and `…`, in so many columns of the terminal. */
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

/** Terminal escapes, line breaks and marks that turn text around would let a payload draw on the terminal. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
}

const WIDE =
  /\p{Extended_Pictographic}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;

/** Columns of the terminal that a text takes; East Asian letters and pictures take two. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of graphemesOf(text)) width += WIDE.test(letter) ? 2 : 1;
  return width;
}

import { withoutControls } from './controls.ts';
import { hideSecrets } from './secret-shapes.ts';

/**
 * How a cell begins that spreadsheets take for a formula; some take the full-width forms for the same, and drop blanks
 * before them.
 */
const RUNS_FIRST = /^(?:\s{0,99}[=+\-@＝＋－＠]|\t)/;

/** One row of a CSV file (RFC 4180). A spreadsheet shows every cell as text and runs none as a formula. */
export const csvRow = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(cell: string | number | null | undefined): string {
  if (typeof cell === 'number') return String(cell);
  // An earlier release did not mask secrets. What no cell shows may not hide how it begins.
  const text = withoutControls(hideSecrets(cell ?? ''));
  const harmless = RUNS_FIRST.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

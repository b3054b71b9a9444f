import { hideSecrets } from './secrets.ts';

/** What spreadsheets take for a formula when it stands first in a cell. */
const RUNS_FIRST = /^[=+\-@\t\r]/;

/** One row of a CSV file (RFC 4180). A spreadsheet shows every cell as text: none is run as a formula. */
export const csvRow = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(cell: string | number | null | undefined): string {
  if (typeof cell === 'number') return String(cell);
  const text = hideSecrets(cell ?? ''); // an earlier bridge hid none
  const harmless = RUNS_FIRST.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

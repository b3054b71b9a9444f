import { hideSecrets } from './secrets.ts';

/** Characters with which a cell begins that spreadsheets take for a formula. */
const RUNS_FIRST = /^[=+\-@\t\r]/;

/** One row of a CSV file (RFC 4180). A spreadsheet shows every cell as text and runs none as a formula. */
export const csvRow = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(cell: string | number | null | undefined): string {
  if (typeof cell === 'number') return String(cell);
  const text = hideSecrets(cell ?? ''); // an earlier release did not mask secrets
  const harmless = RUNS_FIRST.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

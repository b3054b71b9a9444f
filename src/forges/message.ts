/** Commit messages are foreign text: they are split and compared, never matched by a pattern that could backtrack. */

/** Lines that are read at each end of a message: forges write theirs first or last. */
const LINES_READ = 50;

export function linesOf(message: string): { first: string; last: readonly string[] } {
  const lines = message.split('\n');
  return { first: lines[0]?.trim() ?? '', last: lines.slice(-LINES_READ).map((line) => line.trim()) };
}

/** The number of a merge request, without leading zeros, or undefined. */
export function numberOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? text : undefined;
}

/** The text between two marks, the first of which begins the text. */
export function between(text: string, before: string, after: string): string | undefined {
  if (!text.startsWith(before)) return undefined;
  const end = text.indexOf(after, before.length);
  return end === -1 ? undefined : text.slice(before.length, end);
}

import { wellFormed } from './text.ts';
/**
 * One segment of a path, percent-encoded. Undefined for the empty segment, and for what every reader of paths
 * interprets: `.` and `..` (a step up), also within a path that is one segment, such as the full path of a project, and
 * however they are encoded, since a proxy may decode what it passes on.
 */
export function encodeSegment(text: string): string | undefined {
  const whole = wellFormed(text);
  const parts = decodings(whole).flatMap((form) => form.split(/[/\\]/));
  return parts.some((part) => part === '' || isStep(part)) ? undefined : encodeURIComponent(whole);
}

/** Whether some reader takes the whole segment for a step up, or ignores it: `..`, `%2e%2e`, `%252e`. */
export const isDotSegment = (segment: string): boolean => decodings(segment).some(isStep);

/** Java's servers take `..;` for `..`: what follows the semicolon is a parameter of the segment. */
const isStep = (part: string): boolean => ['.', '..'].includes(part.split(';', 1)[0] ?? '');

/** The text itself, and the results of decoding it once and twice. */
function decodings(text: string): string[] {
  const once = decoded(text);
  return [text, once, decoded(once)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%" stands for itself
  }
}

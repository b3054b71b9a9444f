/**
 * Characters that a terminal obeys or that mislead readers: control characters but for tab and line break, C1, and
 * bidirectional marks.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** For text: they are removed. */
export const withoutControls = (text: string): string => text.replace(OBEYED, '');

/** For JSON: they are escaped, so that a program reads the same text. They can only occur in its strings. */
export const escapeControls = (json: string): string =>
  json.replace(OBEYED, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

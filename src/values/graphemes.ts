const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Intl.Segmenter goes through the whole text at each step: it is given windows, which makes a step's cost constant. */
const WINDOW_UNITS = 256;

/**
 * The characters of a text as a reader sees them, one after the other, in time that grows only with what is read. A
 * character of more code points than a window, which no script needs, comes in several pieces.
 */
export function* graphemesOf(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const window = text.slice(at, at + WINDOW_UNITS);
    const isLast = at + window.length >= text.length;
    const found = Array.from(segmenter.segment(window), ({ segment }) => segment);
    // The last one may continue in the next window.
    const whole = isLast || found.length === 1 ? found : found.slice(0, -1);
    for (const segment of whole) {
      yield segment;
      at += segment.length;
    }
  }
}

/** Half of `&lt;` would be shown as stray characters. */
const PIECES = /&(?:amp|lt|gt);|[^&]+|&/g;

/**
 * The longest beginning of a text within this many code points that breaks no character, however composed, and no
 * entity of HTML. Of a single character that is longer, as many of its code points as fit.
 */
export function firstCharacters(text: string, maxPoints: number): string {
  if (text.length <= maxPoints) return text;
  let points = 0;
  let end = 0;
  for (const character of charactersOf(text)) {
    points += [...character].length;
    if (points > maxPoints) return end > 0 ? text.slice(0, end) : [...character].slice(0, maxPoints).join('');
    end += character.length;
  }
  return text;
}

/** The same with `…` as the last character where something was cut. */
export function cutText(text: string, maxPoints: number): string {
  return firstCharacters(text, maxPoints) === text ? text : `${firstCharacters(text, maxPoints - 1).trimEnd()}…`;
}

function* charactersOf(text: string): Generator<string> {
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece.length > 1 && piece.startsWith('&')) yield piece;
    else yield* graphemesOf(piece);
  }
}

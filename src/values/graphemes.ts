const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Intl.Segmenter goes through the whole text at each step: it is given windows, which makes that a constant. */
const WINDOW_UNITS = 256;

/**
 * The characters of a text as a reader sees them, one after the other, in time that grows with what is read alone. What
 * is composed of more than a window, which no script needs, comes in several pieces.
 */
export function* graphemesOf(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const window = text.slice(at, at + WINDOW_UNITS);
    const isLast = at + window.length >= text.length;
    const found = Array.from(segmenter.segment(window), ({ segment }) => segment);
    // The last one may go on in the next window.
    const whole = isLast || found.length === 1 ? found : found.slice(0, -1);
    for (const segment of whole) {
      yield segment;
      at += segment.length;
    }
  }
}

/** Half of `&lt;` would be four strange characters. */
const PIECES = /&(?:amp|lt|gt);|[^&]+|&/g;

/**
 * The first characters of a text that have at most so many code points together: none of them, however composed, is
 * broken, nor an entity of HTML. Of a single one that is longer, as many of its code points.
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

/** The same with `…` as the last one where something was cut. */
export function cutText(text: string, maxPoints: number): string {
  return firstCharacters(text, maxPoints) === text ? text : `${firstCharacters(text, maxPoints - 1).trimEnd()}…`;
}

function* charactersOf(text: string): Generator<string> {
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece.length > 1 && piece.startsWith('&')) yield piece;
    else yield* graphemesOf(piece);
  }
}

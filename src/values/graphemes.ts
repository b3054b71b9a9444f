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

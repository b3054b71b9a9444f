/**
 * What a terminal obeys or is misled by: control characters but for tab and line break, C1, and changes of direction.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The colours that we paint ourselves: they change nothing but how the text looks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape begins a colour
const COLOUR = /(\u001b\[\d{1,3}m)/;

/** For text: they are left out. */
const withoutControls = (text: string): string => text.replace(OBEYED, '');

/** For JSON: they are escaped, so that a program reads the same text. They stand in its strings alone. */
export const escapeControls = (json: string): string =>
  json.replace(OBEYED, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

interface Stream {
  write(text: string | Uint8Array, ...rest: never[]): boolean;
  readonly isTTY?: boolean;
}

/** From now on nothing that a stranger wrote reaches the terminal as an order. Every command writes through here. */
export function cleanOutput(streams: readonly Stream[], { json }: { readonly json: boolean }): void {
  const clean = json ? escapeControls : withoutControls;
  for (const stream of streams) {
    const write = stream.write.bind(stream);
    const paint = (text: string) =>
      text
        .split(COLOUR)
        .map((part) => (COLOUR.test(part) ? part : clean(part)))
        .join('');
    stream.write = (text, ...rest) => {
      const whole = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      return write(stream.isTTY ? paint(whole) : clean(whole), ...rest);
    };
  }
}

import { randomUUID } from 'node:crypto';
import { escapeControls, withoutControls } from '../values/controls.ts';

/** Marks the escapes that we write ourselves. It is random, so that no payload can colour or overwrite a line. */
const OURS = randomUUID();
const ESCAPES: Readonly<Record<string, string>> = { line: '\r\u001b[K', end: '\u001b[39m' };
const escapeOf = (name: string): string => ESCAPES[name] ?? `\u001b[${name}m`;

/** For an output that is sanitised (below), and a terminal. */
export const painted = (text: string, color: number): string => `${OURS}${color};${text}${OURS}end;`;
/** Clears the line of the cursor. */
export const EMPTY_LINE = `${OURS}line;`;

interface Stream {
  write(text: string | Uint8Array, ...rest: never[]): boolean;
  readonly isTTY?: boolean;
}

/** From now on no control sequence of a payload reaches the terminal. Every command writes through this. */
export function cleanOutput(streams: readonly Stream[], { json }: { readonly json: boolean }): void {
  const clean = json ? escapeControls : withoutControls;
  for (const stream of streams) {
    const write = stream.write.bind(stream);
    const paint = (text: string) =>
      text
        .split(OURS)
        .map((part, at) => {
          const end = at === 0 ? -1 : part.indexOf(';');
          return (end < 0 ? '' : escapeOf(part.slice(0, end))) + clean(part.slice(end + 1));
        })
        .join('');
    stream.write = (text, ...rest) => {
      const whole = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      return write(stream.isTTY ? paint(whole) : clean(whole), ...rest);
    };
  }
}

import { describe, expect, it } from 'vitest';
import { cleanOutput, EMPTY_LINE, painted } from '../../src/cli/terminal.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { escapeControls } from '../../src/values/controls.ts';

const HOSTILE = 'evil\u001b]0;pwned\u0007\u001b[2J\u001b[31m\u009b32m\u202e\u2066\u0000\u007f';

function written(text: string, { json = false, isTTY = false } = {}): string {
  const pieces: string[] = [];
  const stream = {
    isTTY,
    write: (piece: string | Uint8Array) => pieces.push(String(piece)) > 0,
  };
  cleanOutput([stream], { json });
  stream.write(text);
  return pieces.join('');
}

describe('the output of a command', () => {
  it('contains no control sequence, and keeps lines, tabs and all other text', () => {
    expect(written(`${HOSTILE}\tWärme 🚢\n`)).toBe('evil]0;pwned[2J[31m32m\tWärme 🚢\n');
  });

  it('keeps Shiplog’s own colours for a terminal, and removes those of others', () => {
    expect(written(`${painted('ok', 32)}${HOSTILE}`, { isTTY: true })).toBe(
      '\u001b[32mok\u001b[39mevil]0;pwned[2J[31m32m',
    );
  });

  it('overwrites the progress line on a terminal', () => {
    expect(written(`${EMPTY_LINE}asked \r\u001b[K(3 s)`, { isTTY: true })).toBe('\r\u001b[Kasked [K(3 s)');
  });

  it('is the same JSON, escaped', () => {
    const json = `${JSON.stringify({ summary: HOSTILE, lines: 'a\nb' }, null, 2)}\n`;
    const clean = written(json, { json: true });
    expect(JSON.parse(clean)).toEqual(JSON.parse(json));
    expect(escapeControls(clean)).toBe(clean);
  });
});

describe('a line of the log', () => {
  it('is the same JSON, escaped', () => {
    const lines: string[] = [];
    createLogger('info', { write: (text) => void lines.push(text) }).info({ why: HOSTILE }, HOSTILE);
    const line = lines.join('');
    expect(JSON.parse(line)).toMatchObject({ why: HOSTILE, msg: HOSTILE });
    expect(escapeControls(line)).toBe(line);
  });
});

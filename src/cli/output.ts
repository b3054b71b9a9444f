import { EMPTY_LINE } from './terminal.ts';

/** There was nothing to show or do, which is no failure: main.ts has an exit code for it. */
export class NothingFound extends Error {}

/** What a command writes to; a parameter so that tests can read it. */
export interface Output {
  readonly stdout: Screen;
  readonly stderr: Screen;
}

export interface Screen {
  write(text: string): unknown;
  /** Absent: the output is no terminal, but a file or another program. */
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
  hasColors?(): boolean;
}

export const EXIT_CODES = `
Exit codes: 0 done; 1 it did not work, and standard error says why; 2 the configuration is wrong; 3 nothing was found.`;

/** Every command has it. */
export interface JsonOption {
  readonly json?: boolean;
}

export const printJson = ({ stdout }: Output, value: unknown): unknown =>
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** The width to fill; undefined for a file or another program: nothing is cut then. */
export const widthOf = (screen: Screen): number | undefined => (screen.isTTY ? (screen.columns ?? 80) : undefined);

/** A reader may stop early (`| head`): that is no error. */
export function exitOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** A standard error that is closed or full must not end the process: Node itself writes warnings to it. */
export function ignoreBrokenPipe(): void {
  process.stderr.on('error', () => {});
}

/** Work that is done sooner needs no word; then the seconds are counted. */
const QUIET_MS = 2_000;
const AGAIN_MS = 1_000;

/**
 * Shows progress on standard error once the work takes longer than 2 s. On a terminal the line is overwritten, and
 * removed at the end.
 */
export async function withProgress<T>(
  { stderr }: Output,
  what: string,
  work: (note: (how: string) => void) => Promise<T>,
): Promise<T> {
  const startedMs = Date.now();
  let how = '';
  let lastLine = '';
  const print = () => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    const line = `${what}${how && `: ${how}`} (${seconds} s)`;
    if (stderr.isTTY) stderr.write(`${EMPTY_LINE}${line}`);
    else if (lastLine !== how || lastLine === '') stderr.write(`${line}\n`); // a log file needs no clock
    lastLine = how || what;
  };
  let again: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    print();
    again = setInterval(print, AGAIN_MS);
  }, QUIET_MS);
  try {
    return await work((note) => {
      how = note;
    });
  } finally {
    clearTimeout(first);
    clearInterval(again);
    if (lastLine && stderr.isTTY) stderr.write(EMPTY_LINE);
  }
}

import { LRUCache } from 'lru-cache';
import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import { escapeControls } from '../values/controls.ts';
import { createMask } from '../values/mask.ts';
import { openOutput } from './output.ts';

export type Logger = Pino & {
  /** From now on these secrets are masked in all lines, beside those that were named before. */
  hide(secrets: readonly string[]): void;
  /** Lines that could not be written: a full disk, a closed pipe, a reader that does not read. */
  lostLines(): number;
  /** For a person at the start: text, among the lines. */
  print(text: string): void;
};

/** Where lines go: never waits, never throws. */
export interface LogDestination extends DestinationStream {
  lost?(): number;
}

/**
 * JSON lines on standard output. Every logged field is named where it is logged: no request, response or payload is
 * ever passed on whole. The words of a sender or of a destination may still hold a secret: see `hide`.
 * @param to for tests
 */
export function createLogger(level: string, to?: LogDestination): Logger {
  const onBack = (lines: number) => logger.warn({ lines }, 'lines of the log are lost: it could not be written');
  const destination = to ?? standardOutput(onBack);
  const hidden = new Set<string>();
  let mask = createMask([]);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: (error: unknown) => describe(error) },
    // True when a person reads it at a terminal.
    hooks: { streamWrite: (line: string) => escapeControls(mask.text(line)) },
  };
  const logger: Logger = Object.assign(pino(options, destination), {
    lostLines: () => destination.lost?.() ?? 0,
    print: (text: string) => void destination.write(text),
    hide(secrets: readonly string[]) {
      for (const secret of secrets) hidden.add(secret);
      mask = createMask([...hidden]);
    },
  });
  return logger;
}

/** A burst of lines is written together: a write for each would cost more than making it. */
const LOG_BUFFER_CHARS = 4_096;
const LOG_DELAY_MS = 100;

/** Level 40 (a warning) or higher. pino writes the level first. */
const isUrgent = (line: string) => /^\{"level":[4-9]/.test(line);

/**
 * Several lines at once: a system call for each would cost as much as all that produces them. Not synchronously either:
 * logging must never block (output.ts). kill -9 loses the last of them.
 */
function standardOutput(onBack: (lost: number) => void): LogDestination {
  const output = openOutput(1, onBack);
  let lines = '';
  let isDue = false;
  const flush = () => {
    isDue = false;
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.once('exit', () => {
    flush();
    output.end();
  });
  return {
    lost: output.lost,
    write(line) {
      lines += line;
      if (lines.length > LOG_BUFFER_CHARS || isUrgent(line)) return flush();
      if (isDue) return;
      isDue = true;
      setTimeout(flush, LOG_DELAY_MS).unref();
    },
  };
}

/** Causes may form a circle. */
const DEEPEST_CAUSE = 5;

/** Not every property, as pino does: the error of a Redis command holds its arguments, which are the webhook. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    stack,
    ...('code' in error && { code: String(error.code) }),
    ...(cause !== undefined && depth < DEEPEST_CAUSE && { cause: describe(cause, depth + 1) }),
  };
}

/** A message may hold words of a sender, of any length. */
const REMEMBERED_CAUSES = 1_000;

/** At most one line for each cause and interval; the next one says how many were held back. */
export function createRateLimitedLog(
  intervalMs: number,
  clock: () => number = Date.now,
): (cause: string, write: (suppressed: number) => void) => void {
  const last = new LRUCache<string, { atMs: number; suppressed: number }>({ max: REMEMBERED_CAUSES });
  return (cause, write) => {
    const seen = last.get(cause);
    if (seen && clock() - seen.atMs < intervalMs) {
      seen.suppressed += 1;
      return;
    }
    last.set(cause, { atMs: clock(), suppressed: 0 });
    write(seen?.suppressed ?? 0);
  };
}

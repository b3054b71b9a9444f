import { LRUCache } from 'lru-cache';
import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import { createMask } from '../values/mask.ts';

export type Logger = Pino & {
  /** From now on these stand in no line, nor do those that were named before. */
  hide(secrets: readonly string[]): void;
};

/**
 * JSON lines on standard output. What is logged is named field by field where it is logged: no request, no response and no
 * payload is ever handed over whole. The words of a sender or of a destination may still hold a secret: see `hide`.
 * @param destination for tests
 */
export function createLogger(level: string, destination: DestinationStream = standardOutput()): Logger {
  const hidden = new Set<string>();
  let mask = createMask([]);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: (error: unknown) => describe(error) },
    hooks: { streamWrite: (line: string) => mask.text(line) },
  };
  return Object.assign(pino(options, destination), {
    hide(secrets: readonly string[]) {
      for (const secret of secrets) hidden.add(secret);
      mask = createMask([...hidden]);
    },
  });
}

const LOG_BUFFER_CHARS = 4_096;
const LOG_DELAY_MS = 100;
/** For a reader that is slow. What is beyond it is not written: memory is worth more. */
const WAITING_MOST_BYTES = 4 * 1024 * 1024;

/** From 40, a warning, on. pino writes the level first. */
const isUrgent = (line: string) => /^\{"level":[4-9]/.test(line);

/**
 * Several lines at once: one system call for each would cost as much as all that makes them. Not in line with the work
 * either, since a pipe that nobody reads would hold it up. kill -9 takes the last of them.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: false, maxLength: WAITING_MOST_BYTES });
  let lines = '';
  let isDue = false;
  const flush = () => {
    isDue = false;
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.once('exit', () => {
    flush();
    output.flushSync();
  });
  return {
    write(line) {
      lines += line;
      if (lines.length > LOG_BUFFER_CHARS || isUrgent(line)) return flush();
      if (isDue) return;
      isDue = true;
      setTimeout(flush, LOG_DELAY_MS).unref();
    },
  };
}

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

/** A message may hold words of a sender: there is no end of them. */
const REMEMBERED_CAUSES = 1_000;

/** At most one line per cause and interval; the next one says how many were held back. */
export function createCalm(
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

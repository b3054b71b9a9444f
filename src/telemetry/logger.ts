import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on standard output. What is logged is named field by field where it is logged (no request or response is
 * ever handed over whole), so that there is nothing to redact.
 * @param destination for tests
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.errWithCause },
  };
  return pino(options, destination);
}

/** At most one line per cause and interval; the next one says how many were held back. */
export function createCalm(
  intervalMs: number,
  clock: () => number = Date.now,
): (cause: string, write: (suppressed: number) => void) => void {
  const last = new Map<string, { atMs: number; suppressed: number }>();
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

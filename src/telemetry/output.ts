import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Where the log goes. Writing never waits and never throws: lines are lost instead. */
export interface Output {
  write(lines: string): void;
  /** Lines that could not be written so far. */
  lost(): number;
  /** Writes what is buffered as far as possible without waiting: the process ends. */
  end(): void;
}

/** Buffer for a slow reader. Lines beyond it are lost: memory is worth more. */
const WAITING_MOST_BYTES = 4 * 1024 * 1024;
/** How often a pipe or terminal that is full is tried again. */
const FULL_AGAIN_MS = 100;
/** How long lines wait for others: a write costs as much as ten lines. */
const GATHER_MS = 50;
const LINE_BREAK = 0x0a;

/**
 * Opens a file descriptor of this process.
 * @param onBack called when lines can be written again, with how many were lost meanwhile
 */
export function openOutput(fd: number, onBack: (lost: number) => void): Output {
  const count = createLoss(onBack);
  return isStream(fd) ? toStream(process.stdout, count) : toFile(isatty(fd) ? unblocked(fd) : fd, count);
}

/** Counts lines: a reader of the metric counts deliveries and webhooks the same way. */
function createLoss(onBack: (lost: number) => void) {
  let lost = 0;
  let reported = 0;
  return {
    lost: () => lost,
    lose(text: string) {
      lost += text.split('\n').length - 1;
    },
    wrote() {
      if (lost === reported) return;
      const since = lost - reported;
      reported = lost;
      onBack(since);
    },
  };
}
type Loss = ReturnType<typeof createLoss>;

/** Node writes to pipes and sockets asynchronously, and to everything else synchronously, which blocks the process. */
function isStream(fd: number): boolean {
  const stat = fstatSync(fd);
  return fd === process.stdout.fd && (stat.isFIFO() || stat.isSocket());
}

function toStream(stream: NodeJS.WriteStream, loss: Loss): Output {
  stream.on('error', () => {}); // each write handles its own error
  return {
    write(lines) {
      if (stream.writableLength + lines.length > WAITING_MOST_BYTES) return loss.lose(lines);
      stream.write(lines, (error) => (error ? loss.lose(lines) : loss.wrote()));
    },
    lost: loss.lost,
    end() {},
  };
}

/**
 * A terminal that was stopped with Ctrl-S, or whose window hangs, would block the process: it is opened once more in
 * non-blocking mode.
 */
function unblocked(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd; // not Linux
  }
}

function toFile(fd: number, loss: Loss): Output {
  const waiting: string[] = [];
  let bytes = 0;
  let isBusy = false;
  /** A disk that filled up took half a line: the next one must not become its end. */
  let isTorn = false;
  const soon = () => {
    isBusy = true;
    setTimeout(next, GATHER_MS).unref();
  };
  const take = () => {
    bytes = 0;
    return `${isTorn ? '\n' : ''}${waiting.splice(0).join('')}`;
  };
  const next = () => writeAll(Buffer.from(take()));
  const writeAll = (rest: Buffer) =>
    write(fd, rest, (error, written) => {
      if (!error && written > 0) isTorn = rest[written - 1] !== LINE_BREAK;
      if (error?.code === 'EAGAIN') return void setTimeout(() => writeAll(rest), FULL_AGAIN_MS).unref();
      if (!error && written < rest.length) return writeAll(rest.subarray(written));
      if (error) loss.lose(rest.toString());
      else loss.wrote();
      isBusy = false;
      if (waiting.length > 0) soon();
    });
  return {
    write(lines) {
      if (bytes + lines.length > WAITING_MOST_BYTES) return loss.lose(lines);
      waiting.push(lines);
      bytes += lines.length;
      if (!isBusy) soon();
    },
    lost: loss.lost,
    end() {
      try {
        if (waiting.length > 0) writeSync(fd, take());
      } catch {
        // full, or gone: there is nowhere left to count it
      }
    },
  };
}

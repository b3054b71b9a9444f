import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../values/within.ts';
import { type Answer, ask, askToEnd } from './ask.ts';
import { lastLogLines, lastPid, lastSocket, logBytes, type RedisFiles, writeConf } from './files.ts';
import { commandOf } from './processes.ts';

/** The part of a pino logger that is used here. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LaunchParts {
  readonly files: RedisFiles;
  /** The redis-server or valkey-server to start. */
  readonly program: string;
  readonly log: Log;
  /** Aborted when the bridge stops: nothing is started from then on. */
  readonly halt: AbortSignal;
}

export interface Running {
  readonly pid: number;
  readonly version: string;
  /** Settles when the process is gone, and says how it went. Never rejects. */
  readonly ended: Promise<string>;
}

/** Adds at most this to the time of a start. */
const LOOK_EVERY_MS = 30;
/** A server that starts answers within a second, even while it loads; an overloaded machine takes longer. */
const ANSWER_WITHIN_MS = 30_000;
/** Reading a large append-only file takes minutes; a gigabyte is read in about ten seconds. */
const LOAD_WITHIN_MS = 30 * 60_000;
/** How often the log says that data is still being loaded. */
const SAY_EVERY_MS = 5_000;
/** Of a process that is no child of ours: its end is no event. */
const WATCH_EVERY_MS = 200;
/** For each step: asked to shut down, sent SIGTERM, killed. */
const END_WITHIN_MS = 5_000;

/** @throws Error with the last lines of its log when it does not come up. */
export async function launch(launch: LaunchParts): Promise<Running> {
  const { files } = launch;
  rmSync(files.socket, { force: true });
  rmSync(files.pid, { force: true });
  writeConf(files);
  const offset = logBytes(files);
  const output = openSync(files.log, 'a', 0o600);
  // Its output goes to a file, never through a pipe: that would break when the bridge is killed.
  const child = spawn(launch.program, [files.conf], {
    cwd: files.dir,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const running = { pid: child.pid ?? 0, version: '', ended };
  try {
    const answer = await untilReady(launch, running);
    return { ...running, version: answer.version };
  } catch (error) {
    await terminate(launch, running);
    const message = withAdvice(lastLogLines(files, offset));
    throw new Error(
      `${error instanceof Error ? error.message : error}${message && `. Its last log lines:\n${message}`}`,
      {
        cause: error,
      },
    );
  }
}

const withAdvice = (message: string): string =>
  /Bad file format|Unexpected end of file|redis-check-aof/.test(message)
    ? `${message}\nIts records are damaged: "shiplog doctor --repair" cuts off what is damaged, and keeps a copy`
    : message;

/**
 * The Redis of a bridge that was killed is taken over when it keeps our data with the right settings, and ended
 * otherwise: two servers must never write one append-only file.
 */
export async function adoptLeftover(launch: LaunchParts): Promise<Running | undefined> {
  const { files, log } = launch;
  const sockets = new Set([files.socket, lastSocket(files) ?? files.socket]);
  for (const socket of sockets) {
    const answer = await ask(socket, files.settings);
    // A copied data directory still names the socket of the original, whose Redis must be left alone.
    if (!answer || (answer.dir !== files.dir && socket !== files.socket)) continue;
    const pid = answer.pid;
    if (socket === files.socket && answer.dir === files.dir && answer.settingsAreRight && isOurs(files, pid)) {
      const running = { pid, version: answer.version, ended: untilGone(files, pid) };
      await untilReady(launch, running);
      return running;
    }
    log.warn({ pid, dir: answer.dir }, 'another Redis with other settings runs in the data directory: it is stopped');
    await askToEnd(socket);
    await untilGone(files, pid, END_WITHIN_MS);
  }
  const pid = lastPid(files);
  if (pid !== undefined && isOurs(files, pid)) {
    log.warn({ pid }, 'another Redis runs in the data directory and does not respond: it is stopped');
    await force(launch, { pid, version: '', ended: untilGone(files, pid) });
  }
  return undefined;
}

/** Waits until it answers and has read its append-only file. @throws Error when it ends, or takes too long. */
async function untilReady({ files, log, halt }: LaunchParts, running: Running): Promise<Answer> {
  const began = performance.now();
  let lastNote = began;
  for (;;) {
    const answer = await ask(files.socket, files.settings);
    if (answer && answer.loadedPercent === undefined) return answer;
    const now = performance.now();
    if (now - began > (answer ? LOAD_WITHIN_MS : ANSWER_WITHIN_MS)) {
      throw new Error(`the private Redis is not ready after ${Math.round((now - began) / 1000)} s`);
    }
    if (now - lastNote > SAY_EVERY_MS) {
      lastNote = now;
      log.info({ loadedPercent: answer?.loadedPercent }, 'waiting for the private Redis to read its append-only file');
    }
    const how = await within(LOOK_EVERY_MS, running.ended, () => undefined);
    if (how !== undefined) throw new Error(`the private Redis ended at its start (${how})`);
    halt.throwIfAborted();
  }
}

/** Has it save everything and end; when it does not listen, it is killed. */
export async function terminate(launch: LaunchParts, running: Running): Promise<void> {
  if (await endsAfter(running, () => askToEnd(launch.files.socket))) return;
  await force(launch, running);
}

async function force({ files, log }: LaunchParts, running: Running): Promise<void> {
  const { pid } = running;
  if (await endsAfter(running, () => signal(files, pid, 'SIGTERM'))) return;
  log.warn({ pid }, 'the private Redis does not stop: it is killed');
  await endsAfter(running, () => signal(files, pid, 'SIGKILL'));
}

/** Whether it has ended within 5 s after the beginning of the step. */
async function endsAfter({ ended }: Running, step: () => unknown): Promise<boolean> {
  const isGone = ended.then(() => true);
  const [answer] = await Promise.all([within(END_WITHIN_MS, isGone, () => false), step()]);
  return answer;
}

/** Its process id may belong to another process by now: only our own server gets a signal. */
function signal(files: RedisFiles, pid: number, name: NodeJS.Signals): void {
  if (!isOurs(files, pid)) return;
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the two lines.
  }
}

/** Whether the process was started with our configuration file. */
function isOurs(files: RedisFiles, pid: number): boolean {
  return commandOf(pid)?.endsWith(` ${files.conf}`) ?? false;
}

/** For a process that is not our child: nobody reports its end. */
async function untilGone(files: RedisFiles, pid: number, withinMs = Number.POSITIVE_INFINITY): Promise<string> {
  const until = performance.now() + withinMs;
  // Polling must not keep the bridge alive; waiting for the end must.
  const ref = Number.isFinite(withinMs);
  while (isOurs(files, pid) && performance.now() < until) await sleep(WATCH_EVERY_MS, undefined, { ref });
  return 'gone';
}

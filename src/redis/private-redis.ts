import { setTimeout as sleep } from 'node:timers/promises';
import { lockDataDir } from './data-dir-lock.ts';
import { type Durability, prepareFiles, removeFiles, rotateLog } from './files.ts';
import { findRedisServer } from './find.ts';
import { adoptLeftover, type LaunchParts, type Log, launch, type Running, terminate } from './server.ts';

export interface PrivateRedis {
  readonly connection: { readonly path: string };
  /**
   * Settles when it has read its append-only file, which takes minutes when that is large.
   * @throws Error when it does not come up
   */
  readonly ready: Promise<{
    readonly version: string;
    /** It was running already: the previous bridge was killed, and its Redis survived. */
    readonly adopted: boolean;
  }>;
  /** Has everything saved, ends the server, and releases the data directory. */
  stop(): Promise<void>;
}

export interface PrivateRedisOrder {
  readonly dataDir: string;
  readonly durability: Durability;
  readonly log: Log;
}

/** Before it is started again: twice as long after each failure. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A server that ran this long did not fail at its start: the backoff begins again. */
const STEADY_MS = 60_000;
/** Redis does not rotate its own log. */
const LOOK_AT_LOG_EVERY_MS = 60_000;

/**
 * A Redis of the bridge's own, on a unix socket in the data directory, with an append-only file on disk. It is not in
 * the bridge's process group, so that a Ctrl-C does not end it before the bridge is done with it; when the bridge is
 * killed it survives, and the next bridge takes it over. If it ends, it is started again. The bridge does not wait for
 * it here: what comes meanwhile goes into the spool.
 * @throws Error when no server is installed, or another bridge has the directory.
 */
export async function startPrivateRedis({ dataDir, durability, log }: PrivateRedisOrder): Promise<PrivateRedis> {
  const program = await findRedisServer();
  if (!program) {
    throw new Error(
      'there is no redis-server or valkey-server here: install one (Debian: sudo apt-get install redis-server, ' +
        'macOS: brew install redis), or set REDIS_URL to one that runs elsewhere',
    );
  }
  const files = prepareFiles(dataDir, durability);
  const lock = lockDataDir(dataDir);
  const halt = new AbortController();
  const launch = { files, program: program.path, log, halt: halt.signal };
  const first = startFirst(launch);
  const stopped = watch(
    launch,
    first.then(({ running }) => running),
    halt.signal,
  );
  first.catch(() => {
    removeFiles(files);
    lock.release();
  });
  const ready = first.then(({ running, adopted }) => ({ version: running.version, adopted }));
  ready.catch(() => {}); // the caller handles the rejection
  let stopping: Promise<void> | undefined;
  return {
    connection: { path: files.socket },
    ready,
    stop() {
      stopping ??= (async () => {
        halt.abort();
        await stopped();
        removeFiles(files);
        lock.release();
      })();
      return stopping;
    },
  };
}

async function startFirst(parts: LaunchParts) {
  const leftover = await adoptLeftover(parts);
  const running = leftover ?? (await launch(parts));
  const adopted = Boolean(leftover);
  parts.log.info({ pid: running.pid, version: running.version, adopted }, 'the private Redis runs');
  return { running, adopted };
}

/**
 * Starts the server again whenever it ends, until stopped.
 * @returns a function that stops it
 */
function watch(parts: LaunchParts, first: Promise<Running>, halted: AbortSignal) {
  let running: Running | undefined;
  const rotating = setInterval(() => rotateLog(parts.files), LOOK_AT_LOG_EVERY_MS).unref();
  const watching = (async () => {
    running = await first.catch(() => undefined); // logged already
    let failures = 0;
    while (running && !halted.aborted) {
      const since = performance.now();
      const how = await running.ended;
      if (halted.aborted) return;
      parts.log.error({ pid: running.pid, how }, 'the private Redis has ended unexpectedly: it is restarted');
      if (performance.now() - since > STEADY_MS) failures = 0;
      running = (await launchUntilItRuns(parts, failures++)) ?? running;
    }
  })();
  return async () => {
    clearInterval(rotating);
    if (running) await terminate(parts, running);
    await watching;
    if (running) await terminate(parts, running); // one that came up in between
  };
}

/** Undefined when the bridge stops meanwhile. */
async function launchUntilItRuns(parts: LaunchParts, failuresBefore: number): Promise<Running | undefined> {
  for (let failures = failuresBefore; !parts.halt.aborted; failures++) {
    try {
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), undefined, { signal: parts.halt });
      const running = await launch(parts);
      parts.log.info({ pid: running.pid }, 'the private Redis runs again');
      return running;
    } catch (error) {
      if (!parts.halt.aborted) parts.log.error({ error }, 'the private Redis could not be started; trying again');
    }
  }
  return undefined;
}

import type { Redis } from './connection.ts';
import type { WatchedWorker } from './watched-worker.ts';

/** Of a worker whatever its jobs are. */
type Kept = Pick<
  WatchedWorker,
  | 'name'
  | 'isRunning'
  | 'isPaused'
  | 'isBusy'
  | 'signsOfLife'
  | 'toKey'
  | 'waitUntilReady'
  | 'close'
  | 'pause'
  | 'resume'
> & {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'active', listener: () => void): unknown;
};

const LOOK_EVERY_MS = 2_000;
/** A worker asks for a job every five seconds at the latest (BullMQ's drainDelay). */
const STUCK_LOOKS = 8;
/** Ten seconds where jobs are delayed. Looks that Redis answered are counted, not the time: it may have been away. */
const SILENT_MS = 20_000;

export interface KeepRunningParts {
  readonly redis: Redis;
  readonly onError: (where: string, error: Error) => void;
  readonly lookEveryMs?: number;
  readonly silentMs?: number;
}

/**
 * A worker whose connection is refused what it needs at its start (an ACL without INFO, a Redis that is too old) ends
 * for good, and so does BullMQ's part of the connection: another one is made until one runs. The same for one that
 * waits for the answer to a command that a Cluster lost in a failover: it would wait for ever, and run no job.
 */
export function keepRunning(make: () => Kept, parts: KeepRunningParts) {
  const { redis, onError, lookEveryMs = LOOK_EVERY_MS, silentMs = SILENT_MS } = parts;
  /** Why the last one that was tried could not start; until one can. */
  let refusal: string | undefined;
  let isRefused = false;
  /** How often in a row jobs waited, and nobody had one in hand. */
  let idleLooks = 0;
  /** And how often this one had given no sign of life since the look before, whatever another replica did. */
  let silentLooks = 0;
  let signs = 0;
  let isLooking = false;
  let isClosed = false;
  const open = () => {
    const worker = make();
    isRefused = false;
    // Pending while Redis is away: that passes by itself.
    worker.waitUntilReady().then(
      () => {
        refusal = undefined;
      },
      (error: unknown) => {
        refusal = error instanceof Error ? error.message : String(error);
        isRefused = true;
      },
    );
    worker.on('active', () => {
      idleLooks = 0;
    });
    worker.on('error', (error) => {
      onError(worker.name, error);
      pauseWorker(worker, error);
    });
    return worker;
  };
  let worker = open();
  const hasEnded = () => !worker.isRunning() && !worker.isPaused();
  const replace = () => {
    idleLooks = 0;
    silentLooks = 0;
    worker.close(true).catch(() => {}); // it runs nothing
    worker = open();
  };
  const look = async () => {
    if (isRefused || hasEnded()) return replace();
    // While Redis is away a look waits for it: those of a minute, answered all at once, would say nothing of a minute.
    if (isLooking) return;
    isLooking = true;
    const seen = await lookAt(redis, worker).catch(() => undefined);
    isLooking = false;
    if (!seen) return;
    const isSilent = seen.mayAsk && !worker.isBusy && worker.signsOfLife === signs;
    signs = worker.signsOfLife;
    idleLooks = seen.hasIdleWork ? idleLooks + 1 : 0;
    silentLooks = isSilent ? silentLooks + 1 : 0;
    if ((idleLooks >= STUCK_LOOKS || silentLooks * lookEveryMs >= silentMs) && !isClosed) replace();
  };
  const looking = setInterval(() => void look(), lookEveryMs).unref();
  return {
    whyStopped() {
      if (refusal === undefined && !hasEnded()) return undefined;
      return `the worker of ${worker.name} does not run${refusal ? `: ${refusal}` : ''}`;
    },
    async close(atOnce: boolean) {
      isClosed = true;
      clearInterval(looking);
      await worker.close(atOnce);
    },
  };
}

/** BullMQ orders delayed jobs by their time in milliseconds times this. */
const DELAYED_SCORE = 0x1000;

interface Look {
  /** Jobs of its queue wait or are overdue, nothing holds them back, and no worker has one in hand. */
  readonly hasIdleWork: boolean;
  /** Nothing keeps this worker from asking for a job. */
  readonly mayAsk: boolean;
}

async function lookAt(redis: Redis, worker: Kept): Promise<Look> {
  if (worker.isPaused()) return { hasIdleWork: false, mayAsk: false };
  const [waiting, overdue, active, heldMs, isQueuePaused] = await Promise.all([
    redis.llen(worker.toKey('wait')),
    redis.zcount(worker.toKey('delayed'), '-inf', Date.now() * DELAYED_SCORE),
    redis.llen(worker.toKey('active')),
    redis.pttl(worker.toKey('limiter')),
    redis.hexists(worker.toKey('meta'), 'paused'),
  ]);
  const isHeld = heldMs > 0;
  return {
    hasIdleWork: waiting + overdue > 0 && active === 0 && !isHeld && isQueuePaused === 0,
    mayAsk: !isHeld,
  };
}

const REST_MS = 1_000;

/**
 * A Redis that answers, but only with refusals (READONLY, BUSY, MISCONF, OOM), would be asked again at once and for
 * ever: BullMQ waits only when there is no connection.
 */
function pauseWorker(worker: Kept, error: Error): void {
  if (error.name !== 'ReplyError' || worker.isPaused()) return;
  void worker.pause(true);
  setTimeout(() => worker.resume(), REST_MS).unref();
}

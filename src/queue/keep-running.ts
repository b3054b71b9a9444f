import type { Redis } from './connection.ts';
import type { WatchedWorker } from './watched-worker.ts';

/** A worker, with any type of job. */
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

/** Each check is a handful of small reads for each queue. */
const LOOK_EVERY_MS = 2_000;
/** A worker asks for a job every five seconds at the latest (BullMQ's drainDelay). */
const STUCK_LOOKS = 8;
/** Ten seconds for delayed jobs. Counts checks that Redis answered, not time, as Redis may have been unreachable. */
const SILENT_MS = 20_000;

export interface KeepRunningParts {
  readonly redis: Redis;
  readonly onError: (where: string, error: Error) => void;
  readonly lookEveryMs?: number;
  readonly silentMs?: number;
}

/**
 * BullMQ's worker stops permanently when Redis refuses a command that it needs at start (an ACL without INFO, a Redis
 * that is too old): a new worker is made until one runs. A worker is also replaced when it waits for the answer to a
 * command that a Cluster lost in a failover, as it would wait for ever and run no job.
 */
export function keepRunning(make: () => Kept, parts: KeepRunningParts) {
  const { redis, onError, lookEveryMs = LOOK_EVERY_MS, silentMs = SILENT_MS } = parts;
  /** Why the last worker could not start; undefined once one runs. */
  let refusal: string | undefined;
  let isRefused = false;
  /** How many checks in a row found jobs waiting and none active. */
  let idleLooks = 0;
  /** How many checks in a row found no activity of this worker, regardless of other replicas. */
  let silentLooks = 0;
  let signs = 0;
  let isLooking = false;
  let isClosed = false;
  const open = () => {
    const worker = make();
    isRefused = false;
    // Still pending while Redis is unreachable, which resolves by itself.
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
    // While Redis is unreachable a check waits for it. Several answers at once do not show a minute of idling.
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
  /** Jobs of its queue are waiting or overdue, the queue is neither paused nor limited, and no job is active. */
  readonly hasIdleWork: boolean;
  /** This worker has free capacity and could ask for a job. */
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

/** Such an error lasts for seconds: one attempt a second notices its end. */
const REST_MS = 1_000;

/**
 * When Redis answers only with errors (READONLY, BUSY, MISCONF, OOM), BullMQ would retry in a tight loop, as it waits
 * only when there is no connection.
 */
function pauseWorker(worker: Kept, error: Error): void {
  if (error.name !== 'ReplyError' || worker.isPaused()) return;
  void worker.pause(true);
  setTimeout(() => worker.resume(), REST_MS).unref();
}

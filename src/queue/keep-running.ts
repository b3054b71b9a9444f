import type { Worker } from 'bullmq';

const LOOK_EVERY_MS = 2_000;

/**
 * A worker whose connection is refused what it needs at its start (an ACL without INFO, a Redis that is too old) ends
 * for good, and so does BullMQ's part of the connection: another one is made until one runs.
 */
export function keepRunning(make: () => Worker, onError: (where: string, error: Error) => void) {
  /** Why the last one that was tried could not start; until one can. */
  let refusal: string | undefined;
  let isRefused = false;
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
    worker.on('error', (error) => {
      onError(worker.name, error);
      pauseWorker(worker, error);
    });
    return worker;
  };
  let worker = open();
  const hasEnded = () => !worker.isRunning() && !worker.isPaused();
  const looking = setInterval(() => {
    if (!isRefused && !hasEnded()) return;
    worker.close(true).catch(() => {}); // it never ran
    worker = open();
  }, LOOK_EVERY_MS).unref();
  return {
    whyStopped() {
      if (refusal === undefined && !hasEnded()) return undefined;
      return `the worker of ${worker.name} does not run${refusal ? `: ${refusal}` : ''}`;
    },
    async close(atOnce: boolean) {
      clearInterval(looking);
      await worker.close(atOnce);
    },
  };
}

const REST_MS = 1_000;

/**
 * A Redis that answers, but only with refusals (READONLY, BUSY, MISCONF, OOM), would be asked again at once and for
 * ever: BullMQ waits only when there is no connection.
 */
function pauseWorker(worker: Worker, error: Error): void {
  if (error.name !== 'ReplyError' || worker.isPaused()) return;
  void worker.pause(true);
  setTimeout(() => worker.resume(), REST_MS).unref();
}

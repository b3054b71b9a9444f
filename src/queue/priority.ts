import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadMeter } from '../load.ts';

/** So many webhooks within `WINDOW_MS` are a burst: 400 a second. */
const BURST = 40;
const WINDOW_MS = 100;
const LOOK_AGAIN_MS = 10;
/** In a burst without end one thing after another goes on all the same, each after this. */
const LONGEST_WAIT_MS = 100;

/**
 * Lets webhooks go first when there is not time for all: a sender gives up on one that is answered late, while what is
 * kept can wait.
 */
export function createPriority(isBusy = createLoadMeter(), clock: () => number = Date.now) {
  /** When the newest webhooks came, as a ring. */
  const arrivals: number[] = new Array(BURST).fill(0);
  let at = 0;
  let next: Promise<void> = Promise.resolve();
  const isBurst = () => clock() - (arrivals[at] ?? 0) < WINDOW_MS && isBusy();
  const calm = async () => {
    for (let waitedMs = 0; isBurst() && waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_AGAIN_MS)
      await sleep(LOOK_AGAIN_MS);
  };
  return {
    /** Counts as a webhook. */
    first<Given extends readonly unknown[], Got>(call: (...given: Given) => Promise<Got>) {
      return (...given: Given): Promise<Got> => {
        arrivals[at] = clock();
        at = (at + 1) % BURST;
        return call(...given);
      };
    },
    /** Waits for its turn in a burst. */
    later<Given extends readonly unknown[], Got>(call: (...given: Given) => Promise<Got>) {
      return async (...given: Given): Promise<Got> => {
        if (isBurst()) {
          next = next.then(calm);
          await next;
        }
        return call(...given);
      };
    },
  };
}

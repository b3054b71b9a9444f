import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadMeter } from '../load.ts';

/** So many webhooks at once are a burst: at 300 a second it is one or two. */
const BURST = 16;
const LOOK_AGAIN_MS = 10;
/** In a burst without end one thing after another goes on all the same, each after this. */
const LONGEST_WAIT_MS = 100;

/** Lets webhooks go first: a sender gives up on one that is answered late, while what is kept can wait. */
export function createPriority(isBusy = createLoadMeter()) {
  let underWay = 0;
  let next: Promise<void> = Promise.resolve();
  const isBurst = () => underWay >= BURST && isBusy();
  const calm = async () => {
    for (let waitedMs = 0; isBurst() && waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_AGAIN_MS)
      await sleep(LOOK_AGAIN_MS);
  };
  return {
    /** Counts as a webhook for as long as it runs. */
    first<Given extends readonly unknown[], Got>(call: (...given: Given) => Promise<Got>) {
      return async (...given: Given): Promise<Got> => {
        underWay += 1;
        try {
          return await call(...given);
        } finally {
          underWay -= 1;
        }
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

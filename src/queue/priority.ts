import { setTimeout as sleep } from 'node:timers/promises';

/** So many webhooks at once are a burst: at 300 a second it is one or two. */
const BURST = 16;
/** What is kept goes on after this all the same: a burst without end must not stop it. */
const LONGEST_WAIT_MS = 250;
const LOOK_AGAIN_MS = 10;

/** Lets webhooks go first: a sender gives up on one that is answered late, while what is kept can wait. */
export function createPriority() {
  let underWay = 0;
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
    /** Waits for the end of a burst, for a moment. */
    later<Given extends readonly unknown[], Got>(call: (...given: Given) => Promise<Got>) {
      return async (...given: Given): Promise<Got> => {
        for (let waitedMs = 0; underWay >= BURST && waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_AGAIN_MS)
          await sleep(LOOK_AGAIN_MS);
        return call(...given);
      };
    },
  };
}

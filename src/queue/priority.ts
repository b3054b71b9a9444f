import { createLoadMeter } from './load.ts';

/** So many webhooks within `WINDOW_MS` are a burst: 400 a second. */
const BURST = 40;
const WINDOW_MS = 100;

interface PriorityGroup {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets webhooks go first when there is not time for all: a sender gives up on one that is answered late, while what is
 * kept can wait.
 */
export function createPriority(isBusy = createLoadMeter(), clock: () => number = Date.now) {
  /** When the newest webhooks came, as a ring. */
  const arrivals: number[] = new Array(BURST).fill(0);
  let at = 0;
  const isBurst = () => clock() - (arrivals[at] ?? 0) < WINDOW_MS && isBusy();
  return {
    /** Counts as a webhook. */
    first<Given extends readonly unknown[], Got>(call: (...given: Given) => Promise<Got>) {
      return (...given: Given): Promise<Got> => {
        arrivals[at] = clock();
        at = (at + 1) % BURST;
        return call(...given);
      };
    },
    /**
     * Of these, only `atOnce` of each group run at a time in a burst. What one waits for holds up its own group alone.
     */
    later<Given extends readonly unknown[], Got>(
      call: (...given: Given) => Promise<Got>,
      { atOnce, groupOf }: { readonly atOnce: number; readonly groupOf: (...given: Given) => string },
    ) {
      const groups = new Map<string, PriorityGroup>();
      const groupAt = (name: string): PriorityGroup => {
        const group = groups.get(name) ?? { running: 0, waiting: [] };
        groups.set(name, group);
        return group;
      };
      return async (...given: Given): Promise<Got> => {
        const group = groupAt(groupOf(...given));
        if (group.running >= atOnce && isBurst()) await new Promise<void>((go) => group.waiting.push(go));
        group.running += 1;
        try {
          return await call(...given);
        } finally {
          group.running -= 1;
          for (const go of group.waiting.splice(0, isBurst() ? 1 : group.waiting.length)) go();
        }
      };
    },
  };
}

import { createLoadMeter } from './load.ts';

/** This many webhooks within `WINDOW_MS` are a burst: 400 a second. */
const BURST = 40;
const WINDOW_MS = 100; // short enough to notice a burst while it begins

interface PriorityGroup {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Gives webhooks priority over jobs under load: a sender gives up on a late answer, while stored work can wait.
 */
export function createPriority(isBusy = createLoadMeter(), clock: () => number = Date.now) {
  /** Times of the newest webhooks, as a ring buffer. */
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
     * Wraps work of which only `atOnce` per group run at a time during a burst. A slow group delays only itself.
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

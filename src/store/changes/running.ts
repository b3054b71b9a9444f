import { type RunningStatus, runningStatuses, type Slot, slotsOf } from '../../domain/running.ts';
import { within } from '../../values/within.ts';
import type { Deployments } from './deployments.ts';

export interface Running {
  /** What runs where, of all that is kept. */
  slots(): Promise<readonly Slot[]>;
  /** What became of those that succeeded, by key; empty where it takes longer than a page should wait. */
  runningStatuses(): Promise<ReadonlyMap<string, RunningStatus>>;
}

/** A page of the change log is not held up for longer: it says what became of them when it is loaded again. */
const WAIT_MS = 50;
const NONE: ReadonlyMap<string, RunningStatus> = new Map();

interface CachedBoard {
  readonly version: string;
  readonly slots: Promise<readonly Slot[]>;
  readonly runningStatuses: Promise<ReadonlyMap<string, RunningStatus>>;
}

/** Every deployment counts, however old. What was read serves until the change log changes. */
export function createRunning({ version, timeline }: Pick<Deployments, 'version' | 'timeline'>): Running {
  let cached: CachedBoard | undefined;
  const read = async () => slotsOf(await timeline({ facets: {} }, Number.MAX_SAFE_INTEGER));
  const current = async (): Promise<CachedBoard> => {
    const now = await version(); // before the reading: what changes meanwhile makes another version
    if (cached?.version === now) return cached;
    const slots = read();
    const made = { version: now, slots, runningStatuses: slots.then(runningStatuses) };
    cached = made;
    made.runningStatuses.catch(() => {
      if (cached === made) cached = undefined; // Redis was away: the next one asks again
    });
    return made;
  };
  return {
    slots: async () => (await current()).slots,
    async runningStatuses() {
      const made = (await current()).runningStatuses;
      return within(WAIT_MS, made, () => NONE);
    },
  };
}

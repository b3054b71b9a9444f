import { type Slot, type Standing, slotsOf, standings } from '../../domain/running.ts';
import { within } from '../../values/within.ts';
import type { Deployments } from './deployments.ts';

export interface Running {
  /** What runs where, of all that is kept. */
  slots(): Promise<readonly Slot[]>;
  /** What became of those that succeeded, by key; empty where it takes longer than a page should wait. */
  standings(): Promise<ReadonlyMap<string, Standing>>;
}

/** A page of the change log is not held up for longer: it says what became of them when it is loaded again. */
const WAIT_MS = 50;
const NONE: ReadonlyMap<string, Standing> = new Map();

interface Known {
  readonly version: string;
  readonly slots: Promise<readonly Slot[]>;
  readonly standings: Promise<ReadonlyMap<string, Standing>>;
}

/** Every deployment counts, however old. What was read serves until the change log changes. */
export function createRunning({ version, timeline }: Pick<Deployments, 'version' | 'timeline'>): Running {
  let known: Known | undefined;
  const read = async () => slotsOf(await timeline({ facets: {} }, Number.MAX_SAFE_INTEGER));
  const current = async (): Promise<Known> => {
    const now = await version(); // before the reading: what changes meanwhile makes another version
    if (known?.version === now) return known;
    const slots = read();
    const made = { version: now, slots, standings: slots.then(standings) };
    known = made;
    made.standings.catch(() => {
      if (known === made) known = undefined; // Redis was away: the next one asks again
    });
    return made;
  };
  return {
    slots: async () => (await current()).slots,
    async standings() {
      const made = (await current()).standings;
      return within(WAIT_MS, made, () => NONE);
    },
  };
}

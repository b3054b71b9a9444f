import { type Slot, slotsOf } from '../../domain/running.ts';
import type { Deployments } from './deployments.ts';

export interface Running {
  /** What runs where, of all that is kept. */
  slots(): Promise<readonly Slot[]>;
}

/** Every deployment counts, however old. What was read serves until the change log changes. */
export function createRunning({ version, timeline }: Pick<Deployments, 'version' | 'timeline'>): Running {
  let known: { readonly version: string; readonly slots: Promise<readonly Slot[]> } | undefined;
  const read = async () => slotsOf(await timeline({ facets: {} }, Number.MAX_SAFE_INTEGER));
  return {
    async slots() {
      const now = await version(); // before the reading: what changes meanwhile makes another version
      if (known?.version === now) return known.slots;
      const slots = read();
      known = { version: now, slots };
      slots.catch(() => {
        if (known?.slots === slots) known = undefined; // Redis was away: the next one asks again
      });
      return slots;
    },
  };
}

import { type Owner, type Owners, ownerOf } from '../../domain/owners.ts';
import {
  mergePlaces,
  placesOf,
  type RunningStatusOf,
  runningStatusIn,
  type Slot,
  slotsIn,
} from '../../domain/running.ts';
import { within } from '../../values/within.ts';
import { createTimelineFold, type TimelineReads } from './timeline-fold.ts';

export interface Running {
  /** What runs where, of all that is kept. */
  slots(): Promise<readonly Slot[]>;
  /**
   * What became of those that succeeded; of none where it takes longer than a page should wait.
   * @param meanwhile what else the page reads: it is no loss to wait for as long
   */
  statusOf(meanwhile: Promise<unknown>): Promise<RunningStatusOf>;
  /** Whom a service belongs to. */
  ownerOf(service: string): Owner | undefined;
}

/** A page is not held up for longer when all else is there: it says what became of them when it is loaded again. */
const WAIT_MS = 50;

/** Every deployment counts, however old. */
export function createRunning(deployments: TimelineReads, owners: Owners = []): Running {
  const read = createTimelineFold(deployments, { of: placesOf, merge: mergePlaces });
  return {
    slots: async () => slotsIn(await read()),
    ownerOf: (service) => ownerOf(owners, service),
    async statusOf(meanwhile) {
      const reading = read().then(runningStatusIn);
      reading.catch(() => {}); // it is waited for below
      await meanwhile.catch(() => {}); // whoever reads it says what failed
      return within(WAIT_MS, reading, () => () => undefined);
    },
  };
}

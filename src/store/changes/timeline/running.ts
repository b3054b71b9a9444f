import { type Owner, type Owners, ownerOf } from '../../../domain/owners.ts';
import { applyToPlaces, placesOf } from '../../../domain/places.ts';
import { type RunningStatusOf, runningStatusIn, type Slot, slotsIn } from '../../../domain/running.ts';
import { within } from '../../../values/within.ts';
import { createTimelineFold, type TimelineReads } from './timeline-fold.ts';

export interface Running {
  /** What runs where, from all that is kept. */
  slots(): Promise<readonly Slot[]>;
  /**
   * The running status of deployments that succeeded; of none where it takes longer than a page should wait.
   * @param meanwhile what else the page reads: waiting as long as that costs nothing
   */
  statusOf(meanwhile: Promise<unknown>): Promise<RunningStatusOf>;
  /** The team that owns a service. */
  ownerOf(service: string): Owner | undefined;
}

/** A page waits no longer when everything else is there: it shows the status when it is loaded again. */
const WAIT_MS = 50;

/** Every deployment counts, however old. */
export function createRunning(deployments: TimelineReads, owners: Owners = []): Running {
  const { read } = createTimelineFold(deployments, { of: placesOf, apply: applyToPlaces });
  return {
    slots: async () => slotsIn(await read()),
    ownerOf: (service) => ownerOf(owners, service),
    async statusOf(meanwhile) {
      const reading = read().then(runningStatusIn);
      reading.catch(() => {}); // awaited below
      await meanwhile.catch(() => {}); // reported by its own reader
      return within(WAIT_MS, reading, () => () => undefined);
    },
  };
}

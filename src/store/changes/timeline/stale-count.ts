import { OPEN_STATES } from '../../../domain/deployment.ts';
import { isStale } from '../../../domain/stale.ts';
import type { Deployments } from '../deployments.ts';

/** Far more than are ever under way. */
const MAX_OPEN = 1_000;

interface Known {
  readonly version: string;
  /** When each deployment that has not ended becomes stale. */
  readonly limits: Promise<readonly { readonly staleAfter?: string }[]>;
}

/** How many deployments are stale, of the newest that have not ended. */
export function createStaleCount(
  { version, list }: Pick<Deployments, 'version' | 'list'>,
  clock: () => Date,
): () => Promise<number> {
  let cached: Known | undefined;
  const read = async () => {
    const { deployments } = await list({ facets: { status: OPEN_STATES }, limit: MAX_OPEN, offset: 0 });
    return deployments.map(({ staleAfter }) => (staleAfter === undefined ? {} : { staleAfter }));
  };
  return async function count() {
    const now = await version(); // before the reading: what changes meanwhile makes another version
    if (cached?.version !== now) {
      const made = { version: now, limits: read() };
      cached = made;
      made.limits.catch(() => {
        if (cached === made) cached = undefined; // Redis was away: the next one asks again
      });
    }
    return (await cached.limits).filter((open) => isStale(open, clock())).length;
  };
}

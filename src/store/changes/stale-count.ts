import { isStale } from '../../domain/stale.ts';
import type { Deployments } from './deployments.ts';

/** Far more than are ever under way. */
const MAX_OPEN = 1_000;

interface Known {
  readonly version: string;
  /** When each that has not ended should have. */
  readonly limits: Promise<readonly { readonly staleAfter?: string }[]>;
}

/** How many deployments should have ended by now, of the newest that have not. */
export function createStaleCount(
  { version, list }: Pick<Deployments, 'version' | 'list'>,
  clock: () => Date,
): () => Promise<number> {
  let known: Known | undefined;
  const read = async () => {
    const { deployments } = await list({ facets: { status: ['running', 'pending'] }, limit: MAX_OPEN, offset: 0 });
    return deployments.map(({ staleAfter }) => (staleAfter === undefined ? {} : { staleAfter }));
  };
  return async function count() {
    const now = await version(); // before the reading: what changes meanwhile makes another version
    if (known?.version !== now) {
      const made = { version: now, limits: read() };
      known = made;
      made.limits.catch(() => {
        if (known === made) known = undefined; // Redis was away: the next one asks again
      });
    }
    return (await known.limits).filter((open) => isStale(open, clock())).length;
  };
}

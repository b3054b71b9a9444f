import type { DeliveryFailed } from '../../domain/errors.ts';
import { DAY_MS, HOUR_MS } from '../../values/units.ts';
import { abortingAfter } from '../../values/within.ts';
import { inTransaction, type UseDatabase } from './database.ts';
import { PRUNED_ROWS, prune } from './statements.ts';

interface PruningOptions {
  readonly schema: string;
  /** Undefined: rows are never deleted. */
  readonly days: number | undefined;
  readonly use: UseDatabase;
  readonly failed: (error: unknown, what: string) => DeliveryFailed;
}

/** Time between two runs, once nothing was left to delete. */
const EVERY_MS = HOUR_MS;
/** A delivery that succeeded waits no longer than this for the deletion. */
const TIMEOUT_MS = 2_000;

/** Deletes what is older than the retention, a bounded number of rows after a delivery. */
export function createPruning({ schema, days, use, failed }: PruningOptions) {
  let nextMs = 0;
  return {
    /**
     * @returns a sentence for a person: '' where there is none. The row was written: that others could not be deleted
     * is no failure of its delivery, and the next one tries again.
     */
    async run({ now, signal }: { readonly now: Date; readonly signal: AbortSignal }): Promise<string> {
      if (days === undefined || now.getTime() < nextMs) return '';
      nextMs = now.getTime() + EVERY_MS;
      const { text, values } = prune(schema, new Date(now.getTime() - days * DAY_MS));
      try {
        const deleted = await abortingAfter(
          TIMEOUT_MS,
          (limited) =>
            use(limited, (client) => inTransaction(client, TIMEOUT_MS, () => client.query(text, [...values]))),
          signal,
        );
        if (deleted.rowCount === PRUNED_ROWS) nextMs = 0;
        return deleted.rowCount ? `${deleted.rowCount} rows older than ${days} days were deleted` : '';
      } catch (error) {
        return failed(error, 'rows beyond the retention were not deleted').message;
      }
    },
  };
}

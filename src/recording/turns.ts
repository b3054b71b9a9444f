import type { ChangeRecord } from '../domain/change-record.ts';
import { createKeyedMutex } from './keyed-mutex.ts';

/**
 * Whether an identical post reports a new deployment depends on what ran in between. So records that may be repeats
 * are processed one after the other for each service and environment. All others are processed in parallel.
 */
export function createTurns(): <Got>(step: ChangeRecord, work: () => Promise<Got>) => Promise<Got> {
  const inTurn = createKeyedMutex();
  return (step, work) => (step.repeatable ? inTurn(placeOf(step), work) : work());
}

/** The same for identical posts. */
const placeOf = ({ instance, repository, service, environment }: ChangeRecord): string =>
  [instance, repository?.name ?? service, environment.name].join('\n');

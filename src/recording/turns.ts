import type { ChangeRecord } from '../domain/change-record.ts';
import { createKeyedMutex } from './keyed-mutex.ts';

/**
 * Whether the same words report another deployment depends on what ran in between: steps that may be repeats are
 * recorded in turn for each place. All others go on beside them.
 */
export function createTurns(): <Got>(step: ChangeRecord, work: () => Promise<Got>) => Promise<Got> {
  const inTurn = createKeyedMutex();
  return (step, work) => (step.repeatable ? inTurn(placeOf(step), work) : work());
}

/** The same words tell of the same place. */
const placeOf = ({ instance, repository, service, environment }: ChangeRecord): string =>
  [instance, repository?.name ?? service, environment.name].join('\n');

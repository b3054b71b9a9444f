import type { ChangeRecord } from '../domain/change-record.ts';
import { createKeyedMutex } from './keyed-mutex.ts';

/**
 * Whether an identical post reports another deployment depends on what ran in between: steps that may be repeats are
 * recorded one after the other for each place. All others are recorded in parallel.
 */
export function createTurns(): <Got>(step: ChangeRecord, work: () => Promise<Got>) => Promise<Got> {
  const inTurn = createKeyedMutex();
  return (step, work) => (step.repeatable ? inTurn(placeOf(step), work) : work());
}

/** Identical posts report the same place. */
const placeOf = ({ instance, repository, service, environment }: ChangeRecord): string =>
  [instance, repository?.name ?? service, environment.name].join('\n');

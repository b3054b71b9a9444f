import { toChangeRecord } from '../domain/change-record.ts';
import type { Repeats } from '../recording/repeats.ts';
import type { Mapped } from '../sources/source.ts';
import { within } from '../values/within.ts';

/** Of the time that a sender waits. */
const ASK_WITHIN_MS = 250;

/** Whether a webhook says again what is known, as far as Redis tells soon: what is not known is no repeat. */
export function repeatWithTimeout(repeats: Pick<Repeats, 'isRepeat'>): (mapped: Mapped) => Promise<boolean> {
  return async (mapped) => {
    const records = mapped.kind === 'records' ? mapped.records.filter(({ repeatable }) => repeatable) : [];
    if (records.length === 0) return false;
    const asked = Promise.all(records.map((record) => repeats.isRepeat(toChangeRecord(record))));
    const areKept = asked.then(
      (answers) => answers.every(Boolean),
      () => false,
    );
    return within(ASK_WITHIN_MS, areKept, () => false);
  };
}

import { toChangeRecord } from '../domain/change-record.ts';
import type { Repeats } from '../recording/repeats.ts';
import type { Mapped, Source } from '../sources/source.ts';
import { within } from '../values/within.ts';

/** Of the time that a sender waits. */
const ASK_WITHIN_MS = 250;

/**
 * Whether a webhook says again what is known, as far as Redis tells soon: what is not known is no repeat. Asked only
 * for sources whose answer tells it.
 */
export function repeatWithTimeout(
  repeats: Pick<Repeats, 'isRepeat'>,
): (source: Source, mapped: Mapped) => Promise<boolean> {
  return async ({ tellsRepeats }, mapped) => {
    const records = tellsRepeats && mapped.kind === 'records' ? mapped.records : [];
    if (records.length === 0) return false;
    const asked = Promise.all(records.map((record) => repeats.isRepeat(toChangeRecord(record))));
    const areKept = asked.then(
      (answers) => answers.every(Boolean),
      () => false,
    );
    return within(ASK_WITHIN_MS, areKept, () => false);
  };
}

import { type ChangeRecord, toChangeRecord } from '../domain/change-record.ts';
import type { Mapped } from '../sources/mapped.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';
import { within } from '../values/within.ts';

/** The part of the sender's 2 s that this check may take. */
const ASK_WITHIN_MS = 200;

/**
 * Whether a webhook repeats what was acknowledged before, if Redis answers soon; otherwise it counts as no repeat.
 * Asked only for sources whose answer says so.
 */
export function repeatWithTimeout(
  isRepeat: (record: ChangeRecord) => Promise<boolean>,
): (source: Source, mapped: Mapped, webhook: Webhook) => Promise<boolean> {
  return async ({ tellsRepeats }, mapped, { id }) => {
    const records = tellsRepeats && mapped.kind === 'records' ? mapped.records : [];
    if (records.length === 0) return false;
    const asked = Promise.all(records.map((record) => isRepeat(toChangeRecord({ webhook: id, ...record }))));
    const areKept = asked.then(
      (answers) => answers.every(Boolean),
      () => false,
    );
    return within(ASK_WITHIN_MS, areKept, () => false);
  };
}

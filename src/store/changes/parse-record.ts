import { type ChangeRecord, type NewChangeRecord, toChangeRecord } from '../../domain/change-record.ts';
import { boundStored, parseStored } from '../stored.ts';

/** Written by append() alone; lists that an older release did not know are empty. */
export function parseRecord(json: string | number): ChangeRecord {
  const record = toChangeRecord(parseStored(String(json)) as NewChangeRecord);
  return boundStored(record, String(json));
}

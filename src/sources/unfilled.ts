import type { NewChangeRecord } from '../domain/change-record.ts';
import { unfilledIn } from '../values/placeholder.ts';
import { eachRecord } from './each-record.ts';
import type { Source } from './source.ts';

/** What a pipeline or template composes and a page shows. People write commit messages, and may quote a variable. */
const COMPOSED: Readonly<Record<string, (record: NewChangeRecord) => string | undefined>> = {
  service: ({ service }) => service,
  environment: ({ environment }) => environment.name,
  ref: ({ ref }) => ref,
  actor: ({ actor }) => actor,
  job: ({ job }) => job,
  summary: ({ summary }) => summary,
  description: ({ description }) => description,
};
/** In one note. */
const MAX_NAMED = 5;
const SHOWN_CHARACTERS = 60;

/** A source whose records name the variables that nobody replaced in their texts. */
export const namingUnfilled = (source: Source): Source => eachRecord(source, withNote);

function withNote(record: NewChangeRecord): NewChangeRecord {
  const found = Object.entries(COMPOSED).flatMap(([name, textOf]) =>
    unfilledIn(textOf(record) ?? '').map((variable) => `${variable.slice(0, SHOWN_CHARACTERS)} in ${name}`),
  );
  if (found.length === 0) return record;
  const note = `variables that were not filled in: ${[...new Set(found)].slice(0, MAX_NAMED).join(', ')}`;
  return { ...record, notes: [...(record.notes ?? []), note] };
}

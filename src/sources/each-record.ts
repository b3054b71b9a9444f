import type { NewChangeRecord } from '../domain/change-record.ts';
import type { Mapped } from './mapped.ts';
import type { Source } from './source.ts';

/** A source with a change to every record that it reports, by whichever way: a webhook, a lookup, a reconciliation. */
export function eachRecord(source: Source, change: (record: NewChangeRecord) => NewChangeRecord): Source {
  const { map, resolve, missed } = source;
  const changed = (mapped: Mapped): Mapped => {
    if (mapped.kind === 'records') return { ...mapped, records: mapped.records.map(change) };
    return mapped.hints ? { ...mapped, hints: mapped.hints.map(change) } : mapped;
  };
  return {
    ...source,
    map: (payload, webhook) => changed(map(payload, webhook)),
    ...(resolve && { resolve: async (lookup, call) => changed(await resolve(lookup, call)) }),
    ...(missed && {
      async *missed(since, call) {
        for await (const page of missed(since, call)) yield page.map(change);
      },
    }),
  };
}

import type { Inbox, InboxEntry } from './inbox.ts';

/** Webhooks among which the newest of each source is looked for. */
export const NEWEST_AMONG = 500;

/** The newest webhook of each source that `counts`, and whether no older one was left out. */
export async function newestBySource(
  inbox: Pick<Inbox, 'list'>,
  counts: (entry: InboxEntry) => boolean = () => true,
): Promise<{ newest: ReadonlyMap<string, InboxEntry>; isAll: boolean }> {
  const { entries, total } = await inbox.list({ limit: NEWEST_AMONG, offset: 0 });
  const oldestFirst = entries.filter(counts).toReversed();
  return { newest: new Map(oldestFirst.map((entry) => [entry.source, entry])), isAll: total <= NEWEST_AMONG };
}

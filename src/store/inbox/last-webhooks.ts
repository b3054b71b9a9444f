import type { InboxEntry } from './entry.ts';
import type { Inbox } from './inbox.ts';

/** Webhooks among which the newest of each source is looked for. */
export const LAST_WEBHOOKS_AMONG = 500;

/** The newest webhook of each source that `counts`, and whether no older one was left out. */
export async function lastWebhooksBySource(
  inbox: Pick<Inbox, 'list'>,
  counts: (entry: InboxEntry) => boolean = () => true,
): Promise<{ newest: ReadonlyMap<string, InboxEntry>; isAll: boolean }> {
  const { entries, total } = await inbox.list({ limit: LAST_WEBHOOKS_AMONG, offset: 0 });
  const oldestFirst = entries.filter(counts).toReversed();
  return { newest: new Map(oldestFirst.map((entry) => [entry.source, entry])), isAll: total <= LAST_WEBHOOKS_AMONG };
}

import type { InboxEntry } from './entry.ts';
import type { Inbox } from './inbox.ts';

/** How many webhooks are searched for the newest of each source. */
export const LAST_WEBHOOKS_AMONG = 500;

/** The newest webhook of each source for which `counts` is true, and whether no older one was left out. */
export async function lastWebhooksBySource(
  inbox: Pick<Inbox, 'list'>,
  counts: (entry: InboxEntry) => boolean = () => true,
): Promise<{ newest: ReadonlyMap<string, InboxEntry>; isAll: boolean }> {
  const [{ entries, total }, refused] = await Promise.all([
    inbox.list({ limit: LAST_WEBHOOKS_AMONG, offset: 0, only: 'webhooks' }),
    // apart from the webhooks, which thousands of refusals must not hide
    inbox.list({ limit: LAST_WEBHOOKS_AMONG, offset: 0, only: 'refusals' }),
  ]);
  const newestFirst = [...entries, ...refused.entries].sort((a, b) => b.receivedAt.localeCompare(a.receivedAt));
  const oldestFirst = newestFirst.filter(counts).toReversed();
  return { newest: new Map(oldestFirst.map((entry) => [entry.source, entry])), isAll: total <= LAST_WEBHOOKS_AMONG };
}

/** The bodies of the newest webhooks of a source for which `counts` is true, newest first, as far as they are kept. */
export async function newestBodies(
  inbox: Pick<Inbox, 'list' | 'get'>,
  limit: number,
  counts: (entry: InboxEntry) => boolean,
): Promise<readonly string[]> {
  const { entries } = await inbox.list({ limit: LAST_WEBHOOKS_AMONG, offset: 0, only: 'webhooks' });
  const found = await Promise.all(
    entries
      .filter(counts)
      .slice(0, limit)
      .map(({ id }) => inbox.get(id)),
  );
  return found.flatMap((entry) => entry?.body ?? []);
}

import type { WebhookRejected } from '../domain/errors.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';
import type { InboxEntry } from '../store/inbox/entry.ts';

/** Headers that are kept for every source; further ones are listed in the facts of a tool. None is a secret. */
const COMMON_HEADERS = ['content-type', 'user-agent', 'traceparent'];
/** Kept with every webhook, also of those who have no secret. */
const SHOWN_CHARS = 200;

/** The source of an entry: a request to an unknown address belongs to none. */
export type EntryOwner = Pick<Source, 'name' | 'keptHeaders' | 'hidesPath'> &
  Partial<Pick<Source, 'isProvedBy' | 'proofHeaders'>>;

/** The entry of a webhook in the inbox, without its body. */
export function toEntry(
  source: EntryOwner,
  webhook: Webhook,
  conclusion: Pick<InboxEntry, 'verdict' | 'reason' | 'detail'>,
): InboxEntry {
  return {
    id: webhook.id,
    receivedAt: webhook.receivedAt.toISOString(),
    source: source.name,
    method: webhook.method,
    path: (source.hidesPath ? `/webhooks/${source.name}` : webhook.path).slice(0, SHOWN_CHARS),
    headers: keptHeadersOf(webhook, source),
    deployments: [],
    bytes: webhook.body.length,
    ...conclusion,
  };
}

function keptHeadersOf({ headers }: Webhook, { keptHeaders }: EntryOwner): InboxEntry['headers'] {
  const kept: Record<string, string> = {};
  for (const name of [...COMMON_HEADERS, ...keptHeaders]) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value.slice(0, SHOWN_CHARS);
  }
  return kept;
}

export const rejectedEntry = (source: EntryOwner, webhook: Webhook, { code, message }: WebhookRejected): InboxEntry =>
  toEntry(source, webhook, { verdict: 'rejected', reason: code, detail: message });

import { ChangeRecord } from '../domain/change-record.ts';
import type { WebhookRejected } from '../domain/errors.ts';
import type { Mapped, Source, Webhook } from '../sources/source.ts';
import type { Inbox, InboxEntry } from '../store/inbox.ts';
import { KEEP_WITHIN_MS } from './connection.ts';
import { type Queues, within } from './queues.ts';

/** Headers that tell a delivery from its repeats. None of them is a secret. */
const SHOWN_HEADERS = [
  'content-type',
  'user-agent',
  'idempotency-key',
  'webhook-id',
  'x-gitlab-event',
  'x-gitlab-instance',
  'x-gitlab-event-uuid',
  'x-gitlab-webhook-uuid',
  'x-event-key',
  'x-hook-uuid',
  'x-request-uuid',
  'x-request-id',
  'x-attempt-number',
  'traceparent',
];
const SHOWN_CHARS = 200;

/** Joins the queue and the inbound log into what receive.ts needs. */
export function createKeep({
  queues,
  inbox,
  onLoss,
}: {
  queues: Queues;
  inbox: Inbox;
  onLoss: (error: unknown) => void;
}) {
  return {
    /** @throws NotKept when records could not be made durable. An ignored webhook holds nothing to lose: only its line is. */
    async keep(source: Source, webhook: Webhook, mapped: Mapped): Promise<void> {
      if (mapped.kind === 'ignored') {
        const entry = toEntry(source, webhook, {
          verdict: 'ignored',
          reason: mapped.reason,
          ...(mapped.detail && { detail: mapped.detail }),
        });
        await within(KEEP_WITHIN_MS, inbox.add(entry, webhook.body)).catch(onLoss);
        return;
      }
      const records = mapped.records.map((record) => ChangeRecord.parse(record));
      const deployments = [...new Set(records.map((record) => record.deployment))];
      const entry = { ...toEntry(source, webhook, { verdict: 'accepted' }), deployments };
      await within(
        KEEP_WITHIN_MS,
        Promise.all([inbox.add(entry, webhook.body), queues.keep({ webhookId: webhook.id, records })]),
      );
    },
    /** The body is not kept: nobody knows who wrote it. */
    noteRejected(source: Source, webhook: Webhook, error: WebhookRejected): void {
      const authentic = error.code === 'not_json' || error.code === 'bad_payload';
      const entry = toEntry(source, webhook, { verdict: 'rejected', reason: error.code, detail: error.message });
      inbox.add(entry, authentic ? webhook.body : undefined).catch(onLoss);
    },
  };
}

function toEntry(
  source: Source,
  webhook: Webhook,
  conclusion: Pick<InboxEntry, 'verdict' | 'reason' | 'detail'>,
): InboxEntry {
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const value = webhook.headers[name];
    return value === undefined ? [] : [[name, value.slice(0, SHOWN_CHARS)] as const];
  });
  return {
    id: webhook.id,
    receivedAt: webhook.receivedAt.toISOString(),
    source: source.name,
    method: webhook.method,
    path: webhook.path.slice(0, SHOWN_CHARS),
    headers: Object.fromEntries(shown),
    deployments: [],
    bytes: webhook.body.length,
    ...conclusion,
  };
}

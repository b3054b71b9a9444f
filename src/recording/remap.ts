import { boundAlerts } from '../domain/alert.ts';
import { boundRecords } from '../domain/bounded-record.ts';
import type { ChangeEvent } from '../domain/change-event.ts';
import { ChangeRecord } from '../domain/change-record.ts';
import { WebhookRejected } from '../domain/errors.ts';
import type { Mapped } from '../sources/mapped.ts';
import type { Webhook } from '../sources/received-webhook.ts';
import type { Source } from '../sources/source.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { parseJson } from '../values/parse-json.ts';
import type { ChangeLog } from './change-log.ts';
import type { Joins } from './joins.ts';
import type { Repeats } from './repeats.ts';

/** Maps a stored webhook again with the current mappers. Unchanged records keep their ids. */
export function createRemap(sources: readonly Source[], inbox: Inbox) {
  return async function remap(webhookId: string): Promise<ChangeEvent | undefined> {
    const entry = await inbox.get(webhookId);
    const source = sources.find(({ name }) => name === entry?.source);
    const parsed = entry?.body === undefined ? undefined : parseJson(Buffer.from(entry.body), source);
    if (!entry || !source || !parsed?.ok) return undefined;
    const mapped = mapAgain(source, parsed.value, {
      id: entry.id,
      method: entry.method,
      path: entry.path,
      headers: entry.headers,
      body: Buffer.from(entry.body ?? ''),
      receivedAt: new Date(entry.receivedAt),
    });
    if (mapped?.kind !== 'records') return undefined;
    const { lookups, alerts } = mapped;
    const records = boundRecords(mapped.records.map((record) => ChangeRecord.parse({ webhook: entry.id, ...record })));
    return {
      webhookId: entry.id,
      source: source.name,
      receivedAt: entry.receivedAt,
      records,
      ...(lookups && { lookups }),
      ...(alerts && { alerts: boundAlerts(alerts.map((alert) => ({ webhook: entry.id, ...alert }))) }),
    };
  };
}

/** An authentic webhook that was rejected for its content may be rejected again. */
function mapAgain(source: Source, payload: unknown, webhook: Webhook): Mapped | undefined {
  try {
    return source.map(payload, webhook);
  } catch (error) {
    if (error instanceof WebhookRejected) return undefined;
    throw error;
  }
}

export type Remap = ReturnType<typeof createRemap>;

export interface ReviseParts {
  readonly changeLog: ChangeLog;
  readonly joins: Joins;
  readonly repeats: Repeats;
  readonly remap: Remap;
}

/**
 * Re-evaluates a deployment before it is delivered again: with the current rules and, on request, the current mappers.
 */
export function createRevise({ changeLog, joins, repeats, remap }: ReviseParts) {
  return async function revise(name: string, { fromBodies }: { readonly fromBodies: boolean }): Promise<void> {
    const records = fromBodies ? await changeLog.records(name) : [];
    for (const webhook of new Set(records.flatMap((record) => record.webhook ?? []))) {
      const event = await remap(webhook);
      for (const record of event?.records ?? []) {
        const placed = await joins.assign(await repeats.assign(record));
        await changeLog.apply(placed.record, { replace: true });
        await placed.settle();
      }
    }
    await changeLog.refresh(name);
  };
}
export type Revise = ReturnType<typeof createRevise>;

import { boundAlerts } from '../domain/alert.ts';
import { boundRecords } from '../domain/bounded-record.ts';
import type { ChangeEvent } from '../domain/change-event.ts';
import type { ChangeRecord } from '../domain/change-record.ts';
import type { KeptRow } from '../sources/rows.ts';
import type { InboxEntry } from '../store/inbox/entry.ts';
import type { Mask } from '../values/mask.ts';
import { redactBody } from '../values/redact.ts';

/** What a webhook says, without secrets; not yet cut to the limits. */
export interface Reported {
  readonly entry: InboxEntry;
  /** Undefined: it reports no deployment. */
  readonly records?: readonly ChangeRecord[];
  readonly lookups?: ChangeEvent['lookups'];
  readonly alerts?: ChangeEvent['alerts'];
  readonly omitted?: number | undefined;
  readonly otherwise?: ChangeEvent['otherwise'];
  readonly traceparent?: string | undefined;
  readonly row?: KeptRow | undefined;
}

/** A webhook and what it says, on its way to Redis or in the spool. */
export interface KeptWebhook {
  readonly entry: InboxEntry;
  readonly body: Buffer;
  readonly event?: ChangeEvent;
  readonly row?: KeptRow;
}

/** Within the limits of records and alerts. */
export function toKept(reported: Reported, body: Buffer): KeptWebhook {
  const { entry, records, lookups, alerts, omitted, otherwise, traceparent, row } = reported;
  if (!records) return { entry, body };
  const bounded = boundRecords(records);
  // Most entries of a history were reported before: only the worker can tell (store/changes/serial-history.ts).
  const certain = bounded.filter(({ history }) => !history?.recovered);
  const deployments = [...new Set(certain.map((record) => record.deployment))];
  const event: ChangeEvent = {
    webhookId: entry.id,
    source: entry.source,
    receivedAt: entry.receivedAt,
    records: bounded,
    ...(alerts && { alerts: boundAlerts(alerts) }),
    ...(omitted && { omitted }),
    ...(otherwise && { otherwise }),
    ...(lookups && { lookups }),
    ...(traceparent && { traceparent }),
  };
  return { entry: { ...entry, deployments }, body, event, ...(row && { row }) };
}

/** A line of the spool. The body is base64: raw bytes, whatever they are. */
export const toLine = ({ entry, body, event, row }: KeptWebhook): string =>
  JSON.stringify({ entry: { ...entry, spooled: true }, body: body.toString('base64'), event, row });

/** A bridge of an earlier release may have written it, which masked less. */
export function fromLine(line: string, mask: Mask): KeptWebhook {
  // written by toLine() alone
  const { body, ...kept } = JSON.parse(line) as Omit<KeptWebhook, 'body'> & { body: string };
  return { ...mask.value(kept), body: redactBody(mask.bytes(Buffer.from(body, 'base64'))) };
}

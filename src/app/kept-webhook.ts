import { boundAlerts } from '../domain/alert.ts';
import { boundRecords } from '../domain/bounded-record.ts';
import type { ChangeEvent } from '../domain/change-event.ts';
import type { KeptRow } from '../sources/rows.ts';
import type { InboxEntry } from '../store/inbox/entry.ts';
import { type WrittenEntry, writtenEntry } from '../store/inbox/written-entry.ts';
import type { Mask } from '../values/mask.ts';
import { redactBody } from '../values/redact.ts';

/** What a webhook says: it may hold secrets, and is not cut to the limits. */
export interface Reported {
  readonly entry: InboxEntry;
  /** Undefined: it reports no deployment. */
  readonly event?: ChangeEvent;
  readonly row?: KeptRow | undefined;
}

/** A webhook and what it says, on its way to Redis or in the spool. */
export interface KeptWebhook {
  readonly entry: InboxEntry;
  /** The entry, written. */
  readonly entryJson?: WrittenEntry;
  readonly body: Buffer;
  readonly event?: ChangeEvent;
  /** The event, written. */
  readonly eventJson?: string;
  readonly row?: KeptRow;
}

/** Without secrets, and then within the limits of records and alerts: a cut through a secret would leave half of it. */
export function toKept({ entry, event, row }: Reported, body: Buffer, mask: Mask): KeptWebhook {
  if (!event) return withJson({ entry: mask.value(entry), body });
  const { value, json } = mask.written(event);
  const bounded = boundEvent(value);
  // Most entries of a history were reported before: only the worker can tell (store/changes/serial-history.ts).
  const certain = bounded.records.filter(({ history }) => !history?.recovered);
  const deployments = [...new Set(certain.map((record) => record.deployment))];
  return withJson({
    entry: { ...mask.value(entry), deployments },
    body,
    event: bounded,
    eventJson: bounded === value ? json : JSON.stringify(bounded),
    ...(row && { row: mask.value(row) }),
  });
}

/** Redis gets it, and so does the buffer of what was received last (recently-kept.ts). */
const withJson = (kept: KeptWebhook): KeptWebhook => ({ ...kept, entryJson: writtenEntry(kept.entry) });

/** The same event if it is within the limits. */
function boundEvent(event: ChangeEvent): ChangeEvent {
  const records = boundRecords(event.records);
  if (records === event.records && !event.alerts) return event;
  return { ...event, records, ...(event.alerts && { alerts: boundAlerts(event.alerts) }) };
}

/** What remains of a kept webhook beside its body, as JSON: `{ received, conclusion, event, row }`. */
export function headOf({ entry, entryJson, event, eventJson = JSON.stringify(event), row }: KeptWebhook): string {
  const { entry: received, conclusion } = entryJson ?? writtenEntry(entry);
  const eventPart = event ? `,"event":${eventJson}` : '';
  const rowPart = row ? `,"row":${JSON.stringify(row)}` : '';
  return `{"received":${received},"conclusion":${conclusion}${eventPart}${rowPart}}`;
}

/** @param head of headOf() */
export function withHead(head: string, body: Buffer): KeptWebhook {
  const { received, conclusion, ...rest } = JSON.parse(head) as Head; // written by headOf() alone
  return { entry: { ...received, ...conclusion }, body, ...rest };
}
type Concluded = Pick<InboxEntry, 'verdict' | 'reason' | 'detail'>;
type Head = Pick<KeptWebhook, 'event' | 'row'> & {
  readonly received: Omit<InboxEntry, keyof Concluded>;
  readonly conclusion: Concluded;
};

/** A line of the spool. The body is base64: raw bytes, whatever they are. */
export const toLine = ({ entry, body, event, row }: KeptWebhook): string =>
  JSON.stringify({ entry: { ...entry, spooled: true }, body: body.toString('base64'), event, row });

/** A bridge of an earlier release may have written it, which masked less. */
export function fromLine(line: string, mask: Mask): KeptWebhook {
  // written by toLine() alone
  const { body, ...kept } = JSON.parse(line) as Omit<KeptWebhook, 'body'> & { body: string };
  return { ...mask.value(kept), body: redactBody(mask.bytes(Buffer.from(body, 'base64'))) };
}

import type { AlertReport } from './alert.ts';
import type { ChangeRecord } from './change-record.ts';

/**
 * A question that a webhook leaves open, in the source's own terms, for the tool's API. It is stored in Redis until the
 * worker asks. It holds no secret.
 */
export type Lookup = Readonly<Record<string, string>>;

/** What one webhook reported, on its way through Redis. */
export interface ChangeEvent {
  readonly webhookId: string;
  /** The configured source's name. */
  readonly source: string;
  /** When the webhook came: ISO 8601 UTC. */
  readonly receivedAt?: string;
  readonly records: readonly ChangeRecord[];
  /** The webhook reports alerts, and no change. */
  readonly alerts?: readonly AlertReport[];
  /** How many more alerts it had than a webhook may report. */
  readonly omitted?: number;
  /** The verdict on the webhook where none of the records adds anything. */
  readonly otherwise?: { readonly reason: string; readonly detail?: string };
  /** Questions for the tool's API, asked before it is recorded. */
  readonly lookups?: readonly Lookup[];
  /** Of the span that received it, when traces are on: W3C Trace Context. */
  readonly traceparent?: string;
  /** The time from which its age counts: epoch milliseconds. */
  readonly replayedAtMs?: number;
}

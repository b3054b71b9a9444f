import type { AlertReport } from './alert.ts';
import type { ChangeRecord } from './change-record.ts';

/**
 * A question that a webhook leaves open, in the source's own words, for the tool's API. It lies in Redis until the
 * worker asks. No secret stands in it.
 */
export type Lookup = Readonly<Record<string, string>>;

/** What one webhook said, on its way through Redis. */
export interface ChangeEvent {
  readonly webhookId: string;
  /** The configured source's name. */
  readonly source: string;
  /** When the webhook came: ISO 8601 UTC. */
  readonly receivedAt?: string;
  readonly records: readonly ChangeRecord[];
  /** It reports alerts, and no change. */
  readonly alerts?: readonly AlertReport[];
  /** How many more of them it had than a webhook may report. */
  readonly omitted?: number;
  /** What became of the webhook where none of the records is news. */
  readonly otherwise?: { readonly reason: string; readonly detail?: string };
  /** What is asked of the tool's API before it is recorded. */
  readonly lookups?: readonly Lookup[];
  /** Of the span that received it, while somebody traces: W3C Trace Context. */
  readonly traceparent?: string;
  /** Its age counts from here: epoch milliseconds. */
  readonly replayedAtMs?: number;
}

import type { AlertReport } from '../domain/alert.ts';
import type { Lookup } from '../domain/change-event.ts';
import type { NewChangeRecord } from '../domain/change-record.ts';
import type { KeptRow } from './rows.ts';

/** Why an authentic webhook makes no change. A closed list: each is counted and shown in the inbox. */
export const IGNORED_REASONS = [
  /** An event of another kind: a push, an issue, a comment. */
  'not_a_deployment',
  /** A job or pipeline none of whose jobs deploys. */
  'no_environment',
  /** It stops, prepares or checks an environment instead of deploying to it. */
  'not_a_start',
  /** Created, waiting for a runner, manual or skipped: nothing was deployed (yet). */
  'not_started',
  /** A status word that this version does not know. */
  'unknown_status',
  /** The sender's own connection test. */
  'ping',
  /** Needs the tool's API to become a deployment, and no token is configured or the API knows no such thing. */
  'needs_lookup',
  'dry_run',
  'self_heal',
  /** A sync that had nothing to do. */
  'no_op',
  /** It happened longer ago than the source's limit: a first subscription reports the past. */
  'too_old',
  'app_deleted',
  /** JSON, but of no known shape. */
  'unmapped',
  /** Not JSON, kept as it is because the sender cannot send it again. */
  'invalid_json',
  /** Our own write to the Deployments API, coming back. */
  'echo',
  /** A routing rule drops it. */
  'dropped_by_rule',
] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/**
 * What a webhook reports. Ignored is a value, not an error. `detail` is a sentence for the person who looks for the
 * reason.
 */
export type Mapped =
  /** There are records, or lookups, or both: what the lookups find adds to the records. Or there are alerts. */
  | {
      readonly kind: 'records';
      readonly records: readonly NewChangeRecord[];
      readonly lookups?: readonly Lookup[];
      /** Stored beside the changes: an alert is no deployment. */
      readonly alerts?: readonly AlertReport[];
      /** How many more alerts there were than a webhook may report. */
      readonly omitted?: number;
      /** Of an imitated API: made durable together with the records. */
      readonly row?: KeptRow;
    }
  | {
      readonly kind: 'ignored';
      readonly reason: IgnoredReason;
      readonly detail?: string;
      /** Records of other deployments that it reports as well: they count only where they are new. */
      readonly hints?: readonly NewChangeRecord[];
    };

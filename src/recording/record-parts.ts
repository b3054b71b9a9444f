import type { ChangeRecord } from '../domain/change-record.ts';
import type { RoutingOptions } from '../domain/rules/routing.ts';
import type { Rule } from '../domain/rules/rule.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { FirstAttempts } from '../queue/first-attempt.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import type { SerialHistory } from '../store/changes/serial-history.ts';
import type { Echoes } from '../store/deliveries/echoes.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import type { NoteAlerts } from './alert-notes.ts';
import type { RecordAlerts } from './alerts.ts';
import type { ChangeLog } from './change-log.ts';
import type { Conclusion } from './conclusion.ts';
import type { FollowRename } from './follow-rename.ts';
import type { FormerName } from './former-name.ts';
import type { Joins } from './joins.ts';
import type { Repeats } from './repeats.ts';
import type { Resolve } from './resolve.ts';

/** The dependencies of record.ts. */
export interface RecordParts {
  readonly resolve: Resolve;
  readonly sinks: readonly Sink[];
  readonly changeLog: Pick<ChangeLog, 'apply' | 'get' | 'take' | 'refresh'>;
  readonly echoes: Echoes;
  readonly history: SerialHistory;
  readonly joins: Joins;
  /** Notes the name of the step's repository, and what follows where that is a new one. */
  readonly followRename: FollowRename;
  readonly repeats: Repeats;
  readonly inbox: Pick<Inbox, 'conclude'>;
  /** Stores alerts, which are kept separately from the changes. */
  readonly recordAlerts: RecordAlerts;
  /** Adds a note about possible causes to an alert in its tool. */
  readonly noteAlerts: NoteAlerts;
  /** Masks secrets in a record. Answers of a tool's API have not passed the masking of webhooks. */
  readonly hide: (record: ChangeRecord) => ChangeRecord;
  /** Counts the rules that matched, so that a rule that never matches can be found. */
  readonly noteRules: (view: DeploymentView) => Promise<void>;
  /** The text for the inbound log when a record repeats a state, for tools that are known to do so. */
  readonly repeatDetail: (record: ChangeRecord) => string | undefined;
  /** Delivers a deployment to a sink, now or by a job. The same state at the same time is delivered once. */
  readonly forward: FirstAttempts['deliver'];
  /** The same for sinks that only other replicas have configured. */
  readonly forwardElsewhere: (view: DeploymentView, options: { readonly afterMs: number }) => Promise<void>;
}

/** The result of recording one record, with the current views of the deployments that it changed. */
export interface Recorded {
  readonly conclusion: Conclusion;
  readonly views: readonly DeploymentView[];
  /** How long to delay the deliveries: another signal of the same state is likely to arrive soon. */
  readonly afterMs?: number;
  /** The first view contains a new record, and no other record was moved into or out of it. */
  readonly isNew?: boolean;
}

/** What a view depends on besides its records: the rules, and the earlier deployments of its lineage. */
export interface BuildViewParts extends Pick<Deployments, 'before'> {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
  /** Absent: no repository was renamed. */
  readonly formerName?: FormerName;
}

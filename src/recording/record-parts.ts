import type { ChangeRecord } from '../domain/change-record.ts';
import type { RoutingOptions } from '../domain/routing.ts';
import type { Rule } from '../domain/rule.ts';
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
import type { Joins } from './joins.ts';
import type { Repeats } from './repeats.ts';
import type { Resolve } from './resolve.ts';

/** What record.ts is put together from. */
export interface RecordParts {
  readonly resolve: Resolve;
  readonly sinks: readonly Sink[];
  readonly changeLog: Pick<ChangeLog, 'apply' | 'get' | 'take' | 'refresh'>;
  readonly echoes: Echoes;
  readonly history: SerialHistory;
  readonly joins: Joins;
  readonly repeats: Repeats;
  readonly inbox: Pick<Inbox, 'conclude'>;
  /** Keeps alerts, which stand beside the changes. */
  readonly recordAlerts: RecordAlerts;
  /** Writes to an alert in its tool what may have caused it. */
  readonly noteAlerts: NoteAlerts;
  /** Takes the secrets out of a record: what a tool's API answers has come through no webhook. */
  readonly hide: (record: ChangeRecord) => ChangeRecord;
  /** Counts the rules that matched, so that one that never does is seen. */
  readonly noteRules: (view: DeploymentView) => Promise<void>;
  /** What the inbound log says of a step that only repeats what was told, where a tool has a habit of it. */
  readonly repeatDetail: (record: ChangeRecord) => string | undefined;
  /** Delivers a deployment to a sink, or has it delivered a little later. The same moment twice is once. */
  readonly forward: FirstAttempts['deliver'];
  /** The same for the sinks that only other replicas have. */
  readonly forwardElsewhere: (view: DeploymentView, options: { readonly afterMs: number }) => Promise<void>;
}

/** What became of one step, and the deployments that it changed, as they stand now. */
export interface Recorded {
  readonly conclusion: Conclusion;
  readonly views: readonly DeploymentView[];
  /** Destinations are told so much later: another signal is likely to report the same. */
  readonly afterMs?: number;
  /** The first of the views shows a step that was not known before, and nothing else has changed what it shows. */
  readonly isNew?: boolean;
}

/** What a deployment is seen by: the rules, and those before it in its place. */
export interface BuildViewParts extends Pick<Deployments, 'before'> {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
}

import type { ChangeRecord } from './domain/change-record.ts';
import { fold } from './domain/deployment.ts';
import { type Routed, type Rule, route } from './domain/routing.ts';
import type { Sink } from './sinks/sink.ts';
import type { Deployments } from './store/deployments.ts';
import type { Echoes } from './store/echoes.ts';
import type { Inbox, InboxEntry } from './store/inbox.ts';

/** What one webhook said, on its way through Redis. */
export interface ChangeEvent {
  readonly webhookId: string;
  readonly records: readonly ChangeRecord[];
}

export interface RecordParts {
  readonly rules: readonly Rule[];
  readonly sinks: readonly Sink[];
  readonly deployments: Deployments;
  readonly echoes: Echoes;
  readonly inbox: Inbox;
  /** Puts a deployment into a sink's queue. The same moment twice is once. */
  readonly forward: (sink: Sink, routed: Routed) => Promise<void>;
}

type Conclusion = Pick<InboxEntry, 'verdict' | 'reason' | 'detail'>;

/** Story 2: an event becomes part of one deployment in the change log, and the sinks that want it are told. May run twice. */
export function createRecord({ rules, sinks, deployments, echoes, inbox, forward }: RecordParts) {
  return async function record(event: ChangeEvent): Promise<void> {
    const conclusions: Conclusion[] = [];
    for (const step of event.records) conclusions.push(await recordStep(step));
    await inbox.conclude(event.webhookId, mostTelling(conclusions));
  };

  async function recordStep(step: ChangeRecord): Promise<Conclusion> {
    if (step.madeByApi && (await echoes.isOurs(step.madeByApi))) {
      return {
        verdict: 'ignored',
        reason: 'echo',
        detail: `GitLab tells us of deployment ${step.madeByApi.deploymentId}, which we made`,
      };
    }
    const applied = await deployments.apply(step, (key, records) => route(fold(key, records), rules));
    if (applied.droppedBy) return { verdict: 'ignored', reason: 'dropped_by_rule', detail: applied.droppedBy };
    // A duplicate is forwarded too: the first run may have been killed before it came this far. The ledger tells nobody twice.
    for (const sink of sinks) {
      if (applied.sinks && !applied.sinks.includes(sink.name)) continue;
      if (sink.wants(applied.deployment).wanted) await forward(sink, applied);
    }
    return applied.added
      ? { verdict: 'recorded' }
      : { verdict: 'duplicate', detail: `this step of ${applied.deployment.key} was known already` };
  }
}

/** A webhook may tell of several deployments: news outweighs the rest. */
function mostTelling(conclusions: readonly Conclusion[]): Conclusion {
  return conclusions.find(({ verdict }) => verdict === 'recorded') ?? conclusions[0] ?? { verdict: 'duplicate' };
}

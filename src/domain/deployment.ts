import { type ChangeRecord, State } from './change-record.ts';
import type { Owner } from './owners.ts';

/**
 * A deployment: the fold of all its records. It depends on the set alone, not on the order in which the records
 * arrived, or how often.
 */
export type Deployment = Omit<
  ChangeRecord,
  | 'id'
  | 'deployment'
  | 'aliases'
  | 'occurrence'
  | 'signal'
  | 'authoritative'
  | 'rejected'
  | 'history'
  | 'webhook'
  | 'witness'
  | 'joinedFrom'
  | 'stage'
  | 'repeatable'
  | 'periodic'
  | 'repeated'
  | 'doubts'
  | 'endsOnce'
  | 'app'
  | 'base'
  | 'environment'
> & {
  readonly key: string;
  readonly environment: ChangeRecord['environment'] & {
    /** The tier was guessed from the name (tier.ts), not reported by a tool. */
    readonly tierGuessed?: true;
  };
  /** The record that decided the state. */
  readonly decidedBy: string;
  /** The signals that reported it. */
  readonly signals: readonly string[];
  /** The kinds of tools that reported it, the first one first. */
  readonly sources: readonly string[];
  /** The names that the tools use, where the configuration gives it others (routing.ts). */
  readonly original?: { readonly environment?: string; readonly service?: string };
  /** The last of the identical posts that report it, where that is later than `occurredAt`. */
  readonly repeatedUntil?: string;
  /** For one that has failed: when it had succeeded before. ISO 8601 UTC. */
  readonly succeededAt?: string;
  /** The deployment that it replaced in its environment (succession.ts). */
  readonly replaced?: Replaced;
  /** Who is called when the service breaks, as the configuration says at the time of reading; never stored. */
  readonly owner?: Owner;
  /** While it has not ended: the time from which it counts as stale (stale.ts). ISO 8601 UTC. */
  readonly staleAfter?: string;
};

export interface Replaced {
  readonly deployment: string;
  readonly sha?: string;
  /** Its images and chart versions. */
  readonly artifacts?: readonly string[];
  /** It failed after it had succeeded: this deployment repairs that. */
  readonly failed?: true;
  /** Page of the repository that shows what lies between the two. */
  readonly compareUrl?: string;
}

/** States only move forward: a higher one is never followed by a lower one. */
export const RANK: Readonly<Record<State, number>> = { pending: 0, running: 1, succeeded: 2, failed: 2, canceled: 2 };

export const isFinal = (state: State): boolean => RANK[state] === 2;

/** Those of a deployment that has not ended. */
export const OPEN_STATES = State.options.filter((state) => !isFinal(state));

/** It ran in its environment, even if it failed there afterwards. */
export const hasRun = ({ state, succeededAt }: Pick<Deployment, 'state' | 'succeededAt'>): boolean =>
  state === 'succeeded' || succeededAt !== undefined;

/** How it stands to the one that ran before it: it replaced that only if it ran. */
export const replacing = (deployment: Pick<Deployment, 'state' | 'succeededAt'>): string =>
  hasRun(deployment) ? 'replaced' : isFinal(deployment.state) ? 'would have replaced' : 'will replace';

/** A state at a moment. `at` is ISO 8601 UTC. */
export interface Moment {
  readonly state: State;
  readonly at: string;
}

/**
 * Its state at a moment. That it was superseded is an inference, and counts from its start: any end that a tool reports
 * comes later.
 */
export function momentOf({
  state,
  occurredAt,
  startedAt,
  endReason,
}: Pick<Deployment, 'state' | 'occurredAt' | 'startedAt' | 'endReason'>): Moment {
  return { state, at: endReason === 'superseded' ? (startedAt ?? occurredAt) : occurredAt };
}

/**
 * What a moment means to a destination that was last sent `previous`. `apply`: send it. `duplicate`: it was sent.
 * `stale`: something later was sent. Between final states the later moment wins: succeeded → failed is a deployment
 * that degraded afterwards.
 */
export function transition(previous: Moment | undefined, next: Moment): 'apply' | 'duplicate' | 'stale' {
  if (!previous) return 'apply';
  if (previous.state === next.state) return 'duplicate';
  const step = RANK[next.state] - RANK[previous.state];
  if (step !== 0) return step > 0 ? 'apply' : 'stale';
  return next.at >= previous.at ? 'apply' : 'stale';
}

import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { type Match, matchOf } from '../../domain/rules/match.ts';
import { parsePath, valueAt } from '../../templates/path.ts';
import type { Scope } from '../../templates/shape.ts';
import type { Exchange } from './request.ts';

/**
 * The consequence of a deployment for another one that the destination has: sent after the deployment itself was taken.
 */
export interface FollowUp extends Exchange {
  readonly when: Match;
  /** Paths of the values that it needs. */
  readonly ifKnown: readonly string[];
}

export const concerns = ({ when, ifKnown }: FollowUp, deployment: Deployment, scope: Scope): boolean =>
  matchOf(when, deployment) !== undefined && ifKnown.every((path) => valueAt(scope, parsePath(path)) !== undefined);

/** What was delivered stays delivered. Absent: a retry may succeed, and all of it is tried again. */
export function wordsAfter(failed: unknown): string | undefined {
  const isFinal = failed instanceof DeliveryFailed && failed.retry === 'never';
  return isFinal ? `; of the other deployment: ${failed.message}` : undefined;
}

import type { ChangeEvent } from '../domain/change-event.ts';
import type { ChangeRecord, MadeByApi } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { SerialResult } from '../domain/serial-document.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { InboxEntry } from '../store/inbox/entry.ts';
import type { Resolved } from './resolve.ts';

/** The result of recording a webhook, or one of its records, as the inbound log shows it. */
export type Conclusion = Pick<InboxEntry, 'verdict' | 'reason' | 'detail'> &
  Partial<Pick<InboxEntry, 'deployments' | 'alerts'>>;

/** A record that belongs to no deployment. */
interface Unrecorded {
  readonly conclusion: Conclusion;
  readonly views: readonly [];
}

const unrecorded = (conclusion: Conclusion): Unrecorded => ({ conclusion, views: [] });

export const echo = ({ deploymentId }: MadeByApi): Unrecorded =>
  unrecorded({
    verdict: 'ignored',
    reason: 'echo',
    detail: `the webhook is about deployment ${deploymentId}, which Shiplog itself made there`,
  });

/** Why a record of a numbered deployment adds nothing. */
export const notAssigned = (kind: Exclude<SerialResult['kind'], 'assigned'>): Unrecorded =>
  unrecorded(NOT_ASSIGNED[kind]);

const NOT_ASSIGNED: Readonly<Record<Exclude<SerialResult['kind'], 'assigned'>, Conclusion>> = {
  repeated: { verdict: 'duplicate', detail: 'this deployment of the history was reported before' },
  too_old: {
    verdict: 'ignored',
    reason: 'too_old',
    detail: 'it ended longer ago than the source takes, and its beginning was not recorded here',
  },
};

export const dropped = (rule: string): Conclusion => ({ verdict: 'ignored', reason: 'dropped_by_rule', detail: rule });

/**
 * @param repeatDetail the text for the inbound log when this record repeats a known state with a later time. Undefined
 * for the default text.
 */
export function kept(
  { deployment, added }: DeploymentView & { readonly added: boolean },
  reported: ChangeRecord,
  repeatDetail: string | undefined,
): Conclusion {
  const deployments = [deployment.key];
  if (added && repeatDetail !== undefined && repeats(reported, deployment))
    return { verdict: 'duplicate', detail: repeatDetail, deployments };
  return added && !reported.repeated
    ? { verdict: 'recorded', deployments }
    : { verdict: 'duplicate', detail: `this step of ${deployment.key} was already recorded`, deployments };
}

/** The same state at a later time. A repeat does not change the time of the deployment (domain/fold.ts). */
const repeats = ({ id, state, occurredAt }: ChangeRecord, deployment: Deployment): boolean =>
  id !== deployment.decidedBy && state === deployment.state && occurredAt > deployment.occurredAt;

/** A webhook and the tool's API may report several deployments: one new record makes the whole verdict `recorded`. */
export function conclusionOf(
  steps: readonly { readonly conclusion: Conclusion }[],
  asked: Omit<Resolved, 'fromWebhook'> = { records: [] },
  otherwise?: ChangeEvent['otherwise'],
): Conclusion {
  const conclusions = steps.map(({ conclusion }) => conclusion);
  const recorded = conclusions.find(({ verdict }) => verdict === 'recorded');
  const isKnown = conclusions.some(({ verdict, deployments }) => verdict === 'duplicate' && deployments);
  if (!recorded && !isKnown && otherwise) return { verdict: 'ignored', ...otherwise };
  const best = recorded ?? conclusions[0] ?? nothing(asked);
  const deployments = [...new Set(conclusions.flatMap((conclusion) => conclusion.deployments ?? []))];
  const missing = asked.unanswered && `not complete: ${asked.unanswered.message}`;
  const detail = [best.detail, missing].filter(Boolean).join('; ');
  const { verdict, reason } = best;
  return {
    verdict,
    ...(reason && { reason }),
    ...(detail && { detail }),
    ...(deployments.length > 0 && { deployments }),
  };
}

/** The webhook had no record of its own: it only made us ask the tool's API. */
function nothing({ ignored, unanswered }: Omit<Resolved, 'fromWebhook'>): Conclusion {
  if (unanswered) return { verdict: 'accepted' };
  if (!ignored) return { verdict: 'ignored', reason: 'no_environment' };
  const { reason, detail } = ignored;
  return { verdict: 'ignored', reason, ...(detail && { detail }) };
}

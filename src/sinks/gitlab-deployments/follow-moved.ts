import { DeliveryFailed } from '../../domain/errors.ts';
import type { JsonAnswer } from '../../outbound/http.ts';
import { refusal } from './api.ts';
import type { ResolvedDelivery } from './delivery.ts';
import { namedProject } from './target.ts';

const MOVED_RETRY_MS = 1_000; // soon: the next attempt goes to the new address

const MOVED_ADVICE =
  'Replace the old path with the new one: in shiplog/gitlab-project, in the rule with gitlab_project, or in ' +
  'the path that is called';

/**
 * Finds a project that was renamed or moved. The next attempt uses its new address, and expects the echo of its webhook
 * from there. The failure is logged once, with what to change.
 */
export async function followMoved(
  { api, map, deployment, signal }: ResolvedDelivery,
  answer: JsonAnswer,
): Promise<DeliveryFailed> {
  const oldPath = namedProject(deployment, map) ?? '';
  const location = await api.newLocation(oldPath, signal);
  if (!location) return refusal(answer, `GitLab has moved project ${oldPath}, and does not say where to`, MOVED_ADVICE);
  map.moved.set(oldPath.toLowerCase(), location);
  const now = location.path ? `${location.path} (id ${location.id})` : `the one with the id ${location.id}`;
  return new DeliveryFailed(
    `GitLab project ${oldPath} was moved or renamed: it is ${now} now, and is used from now on. ${MOVED_ADVICE}`,
    { retry: { afterMs: MOVED_RETRY_MS, hold: 'job' }, status: answer.status },
  );
}

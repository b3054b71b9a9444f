import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { certainlyRefused, isSuccess, type JsonAnswer, neverSent } from '../../outbound/http.ts';
import { isAbout, type NewDeployment, refusal, rowOf } from './api.ts';
import type { ResolvedDelivery, Target } from './delivery.ts';
import { followMoved } from './follow-moved.ts';
import { isMoved } from './moved.ts';
import { ageOf, isNew } from './row-age.ts';
import type { GitlabStatus } from './schema.ts';

export interface CreatedRow {
  readonly id: string;
  /** Of the HTTP answer. */
  readonly httpStatus: number;
  readonly isInState: boolean;
}

/**
 * Creates a row. `isInState` is false where the row could only be created as running: GitLab gives a success that
 * equals the environment's last successful deployment no row of its own (app/services/deployments/create_service.rb),
 * but a running deployment always gets one.
 */
export async function createRow(delivery: ResolvedDelivery): Promise<CreatedRow> {
  const { answer, body } = await createWithAnyRef(delivery, delivery.status);
  const row = rowOf(answer);
  if (isNew(row, answer, delivery.now) && (await delivery.ledger.claim(row.id, ageOf(row, answer))))
    return { id: row.id, httpStatus: answer.status, isInState: true };
  return createRunning(delivery, body);
}

async function createRunning(delivery: ResolvedDelivery, refused: NewDeployment): Promise<CreatedRow> {
  const answer = await post(delivery, { ...refused, status: 'running' });
  if (!isSuccess(answer)) throw await refusedCreate(delivery, answer);
  const row = rowOf(answer);
  if (await delivery.ledger.claim(row.id, ageOf(row, answer)))
    return { id: row.id, httpStatus: answer.status, isInState: false };
  throw new DeliveryFailed(`GitLab gave deployment ${row.id} of project ${delivery.project} twice`, {
    retry: 'backoff',
  });
}

/** GitLab wants a ref that exists: a merged branch is often deleted before its deployment ends. */
async function createWithAnyRef(
  delivery: ResolvedDelivery,
  status: GitlabStatus,
): Promise<{ answer: JsonAnswer; body: NewDeployment }> {
  let refused: JsonAnswer | undefined;
  for await (const ref of refsToTry(delivery)) {
    const body = newDeployment({ ...delivery, status }, ref);
    const answer = await post(delivery, body);
    if (isSuccess(answer)) return { answer, body };
    refused = answer;
    if (isMoved(answer)) break;
    if (!isAbout(answer, 'ref') || isAbout(answer, 'sha')) break;
    await delivery.ledger.notAttempted();
  }
  if (!refused) throw new DeliveryFailed('no ref to try', { retry: 'never' }); // the sha is always one
  throw await refusedCreate(delivery, refused);
}

export const newDeployment = ({ environment, sha, status }: Target, { ref, tag }: Ref): NewDeployment => ({
  environment,
  sha,
  ref,
  tag,
  status,
});

type Ref = Pick<NewDeployment, 'ref' | 'tag'>;

export const refOf = ({ ref, tag }: Deployment): Ref | undefined => (ref ? { ref, tag: tag ?? false } : undefined);

/** The sha is tried last: GitLab resolves any commit-ish, and shows the commit in place of the branch. */
async function* refsToTry(delivery: ResolvedDelivery): AsyncGenerator<Ref> {
  const { deployment, api, project, sha } = delivery;
  const reported = refOf(deployment);
  if (reported) yield reported;
  const branch = (await api.project(project, delivery))?.defaultBranch;
  if (branch && branch !== deployment.ref) yield { ref: branch, tag: false };
  if (sha !== deployment.ref) yield { ref: sha, tag: false };
}

async function post({ api, project, ledger, signal }: ResolvedDelivery, body: NewDeployment): Promise<JsonAnswer> {
  await ledger.attempting();
  return api.create(project, body, signal).catch(async (error: unknown) => {
    if (neverSent(error)) await ledger.notAttempted();
    throw error;
  });
}

async function refusedCreate(delivery: ResolvedDelivery, answer: JsonAnswer): Promise<DeliveryFailed> {
  const { project, environment, sha, ledger } = delivery;
  if (certainlyRefused(answer)) await ledger.notAttempted();
  if (isMoved(answer)) return followMoved(delivery, answer);
  if (isAbout(answer, 'sha'))
    return refusal(
      answer,
      `GitLab project ${project} has no commit ${sha}`,
      'Point shiplog/gitlab-project, or a rule with gitlab_project, at the project that holds this commit ' +
        '(for Argo CD the application, not its manifests), or let the sender report that project’s commit',
    );
  if (answer.status === 404)
    return refusal(
      answer,
      `GitLab project ${project} was not found, or the token's user is no member`,
      'Correct the project, or give the token the role Developer there',
    );
  const advice =
    answer.status === 403
      ? `The token needs the role Developer there, and must be allowed to deploy to ${environment} if that is protected`
      : '';
  return refusal(answer, `GitLab did not accept the deployment of project ${project} to ${environment}`, advice);
}

import { DeliveryFailed } from '../../domain/errors.ts';
import { excerptOf, isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { pathSegment } from '../path-segment.ts';
import type { Delivered, PreviewedRequest } from '../sink.ts';
import { deploymentsOf, isAbout, refusal, rowOf } from './api.ts';
import { createRow, newDeployment, refOf } from './create-row.ts';
import { type Delivery, done, type ResolvedDelivery, type Subject, targetOf } from './delivery.ts';
import { findLostRow } from './find-row.ts';
import { followMoved } from './follow-moved.ts';
import { isMoved } from './moved.ts';

/**
 * Brings GitLab's row of this deployment to its state: the known row, else one whose answer was lost, else a new one.
 */
export async function deliver(delivery: Delivery): Promise<Delivered> {
  const resolved = { ...delivery, ...targetOf(delivery) };
  try {
    return await bring(resolved);
  } catch (error) {
    throw concerning(error, resolved.project);
  }
}

async function bring(delivery: ResolvedDelivery): Promise<Delivered> {
  const { ledger, deployment } = delivery;
  const { remoteId, attemptedAt } = ledger.known;
  // An id that belongs to another deployment now was assigned again: GitLab was restored from a backup without our row.
  if (remoteId !== undefined && !(await ledger.claimedByOther(remoteId))) return update(delivery, remoteId);
  if (remoteId === undefined && attemptedAt === undefined && deployment.endReason !== undefined)
    return { message: 'nothing to send: it ended before it was sent to GitLab' };
  const found = attemptedAt === undefined ? undefined : await findLostRow(delivery, attemptedAt);
  if (!found) return create(delivery);
  if (found.status === delivery.status) return done(delivery, found.id, 'already there');
  return update(delivery, found.id);
}

/** A single project that is down must not hold up the others. */
function concerning(error: unknown, project: string): unknown {
  if (!(error instanceof DeliveryFailed) || error.retry !== 'backoff' || error.status === undefined) return error;
  const { message, retry, status, cause } = error;
  return new DeliveryFailed(message, { retry, status, cause, concerns: project });
}

/**
 * The request of `deliver` for a deployment that is new to GitLab.
 * @throws DeliveryFailed when it would send nothing, with the same message.
 */
export function preview(subject: Subject): PreviewedRequest {
  const target = targetOf(subject);
  const ref = refOf(subject.deployment);
  const request = subject.api.preview(target.project, newDeployment(target, ref ?? { ref: target.sha, tag: false }));
  if (ref) return request;
  const note = `ref: the default branch of ${target.project} is used when GitLab returns it, otherwise the commit`;
  return { ...request, notes: [note] };
}

/** Creates a row; one that could only be created as running is then updated. */
async function create(delivery: ResolvedDelivery): Promise<Delivered> {
  const row = await createRow(delivery);
  if (!row.isInState) return update(delivery, row.id);
  return done(delivery, row.id, `${row.httpStatus} ${delivery.status}`, row.httpStatus);
}

/** `running` is never sent: GitLab accepts it only for rows that are not running yet, and ours are created running. */
async function update(delivery: ResolvedDelivery, id: string): Promise<Delivered> {
  const { api, project, status, signal } = delivery;
  if (status === 'running') return done(delivery, id, 'already there, running or further');
  const answer = await api.update(project, id, { status, signal });
  if (isSuccess(answer)) {
    rowOf(answer);
    return done(delivery, id, `${answer.status} ${status}`, answer.status);
  }
  const what = `GitLab did not set deployment ${id} of project ${project} to ${status}`;
  if (isMoved(answer)) throw await followMoved(delivery, answer);
  if (isGone(answer) && (await isThere(delivery))) return create(delivery);
  if (isAbout(answer, 'status')) return settle(delivery, id, refusal(answer, what));
  throw refusal(answer, what, updateAdvice(answer.status, project));
}

/**
 * The project exists, but our row does not. GitLab deletes no running deployment, so it was restored from an older
 * backup, or the project was created again.
 */
const isGone = (answer: JsonAnswer): boolean =>
  answer.status === 404 && /404 (?:Deployment )?Not found/i.test(excerptOf(answer));

async function isThere({ api, project, signal, now }: ResolvedDelivery): Promise<boolean> {
  return (await api.project(project, { signal, now })) !== undefined;
}

/** GitLab refuses a step to the same status: then somebody, most likely an earlier attempt of ours, has made it. */
async function settle(delivery: ResolvedDelivery, id: string, refused: DeliveryFailed): Promise<Delivered> {
  const answer = await delivery.api.get(`${deploymentsOf(delivery.project)}/${pathSegment(id)}`, delivery.signal);
  if (!isSuccess(answer)) throw refusal(answer, `GitLab did not show deployment ${id} of project ${delivery.project}`);
  if (rowOf(answer).status === delivery.status) return done(delivery, id, 'already there');
  throw refused;
}

function updateAdvice(status: number, project: string): string {
  if (status === 404) return `The deployment was deleted, or the token's user is no longer a Developer of ${project}`;
  if (status === 403)
    return 'It was made by a CI job, or the environment is protected and the token may not deploy to it';
  return '';
}

import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import {
  certainlyRefused,
  type JsonAnswer,
  type JsonRequest,
  neverSent,
  type SendJson,
  withoutSecret,
} from '../../outbound/http.ts';
import { isReportedLater } from '../one-alert.ts';
import type { Delivered, DeliveryLedger } from '../sink.ts';
import type { CompiledAdvice } from './advice.ts';
import { type AnswerPath, idIn, type Success, urlIn } from './answer.ts';
import { concerns, type FollowUp, wordsAfter } from './follow-up.ts';
import { refusalOf } from './refusal.ts';
import { type Exchange, type Parts, requestOf } from './request.ts';
import { asWritten, type Retrying } from './retry.ts';
import { scopeOf } from './scope.ts';
import type { Written } from './written.ts';

export interface Destination extends Parts {
  readonly name: string;
  readonly send: SendJson;
  readonly secrets: readonly string[];
  readonly create: Exchange;
  /** The states that are sent for a deployment that the destination does not know yet. */
  readonly states: readonly State[];
  /** How a later state is sent for a deployment to which the destination gave an id. */
  readonly update: Exchange | undefined;
  readonly success: Success;
  readonly updateSuccess: Success;
  readonly remoteId: AnswerPath | undefined;
  readonly remoteUrl: AnswerPath | undefined;
  /** The destination recognises a repeat by itself. */
  readonly idempotent: boolean;
  readonly per: Written['per'];
  readonly retry: Retrying | undefined;
  readonly followUp: FollowUp | undefined;
  /** What this destination's refusals mean, where that is known. */
  readonly advice: readonly CompiledAdvice[];
}

interface Delivery {
  readonly deployment: Deployment;
  readonly ledger: DeliveryLedger;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly pageUrl?: string | undefined;
}

export async function deliver(to: Destination, delivery: Delivery): Promise<Delivered> {
  const { deployment, ledger, now, pageUrl } = delivery;
  const later = to.per && isReportedLater(deployment, ledger, to.name);
  if (later) return later;
  const remoteId = to.update && ledger.known.remoteId;
  if (remoteId === undefined && !to.states.includes(deployment.state))
    return { message: `nothing to send: ${to.name} accepts ${deployment.state} only for a deployment that it has` };
  const exchange = remoteId === undefined || !to.update ? to.create : to.update;
  const request = requestOf(exchange, to, { deployment, now, remoteId, pageUrl });
  try {
    return await (remoteId === undefined ? create(to, request, delivery) : update(to, request, delivery));
  } catch (error) {
    throw asWritten(error, to.retry, delivery);
  }
}

async function create(to: Destination, request: JsonRequest, delivery: Delivery): Promise<Delivered> {
  const { deployment, ledger } = delivery;
  /** An earlier request went out, and its answer was lost. The destination cannot be asked for its outcome. */
  const repeated = ledger.known.attemptedAt !== undefined;
  if (!repeated) await ledger.attempting();
  // The outcome of an earlier attempt stays unknown, whatever the outcome of this one.
  const forget = async () => {
    if (!repeated) await ledger.notAttempted();
  };
  const answer = await exchange(to, request, delivery).catch(async (error: unknown) => {
    if (neverSent(error)) await forget();
    throw error;
  });
  const refused = refusal(to, answer, { ...delivery, success: to.success, what: `did not accept ${deployment.key}` });
  if (refused) {
    if (certainlyRefused(answer) || refused.isCertain) await forget();
    throw refused.failure;
  }
  const remoteId = idIn(answer, to.remoteId);
  if (to.update && remoteId !== undefined) await ledger.claim(remoteId);
  const outcome = repeated && !to.idempotent ? 'accepted, perhaps twice: an earlier response was lost' : 'accepted';
  const more = await tellWhatFollows(to, delivery, remoteId);
  return delivered(to, answer, { message: `${answer.status} ${outcome}${more}`, remoteId });
}

/** Returns a sentence. Only where the destination recognises repeats: all of it may be sent again. */
async function tellWhatFollows(to: Destination, delivery: Delivery, remoteId: string | undefined): Promise<string> {
  const { deployment, pageUrl } = delivery;
  if (!to.followUp || !concerns(to.followUp, deployment, scopeOf(deployment, to.given, { remoteId, pageUrl })))
    return '';
  try {
    const answer = await exchange(to, requestOf(to.followUp, to, { ...delivery, remoteId }), delivery);
    const refused = refusal(to, answer, { ...delivery, success: {}, what: 'did not accept what follows' });
    if (refused) throw refused.failure;
    return '';
  } catch (error) {
    const note = wordsAfter(error);
    if (note === undefined) throw error;
    return note;
  }
}

/** An update sets the current state: repeating it changes nothing. */
async function update(to: Destination, request: JsonRequest, delivery: Delivery): Promise<Delivered> {
  const { remoteId = '' } = delivery.ledger.known;
  const answer = await exchange(to, request, delivery);
  const what = `did not update ${remoteId} (${delivery.deployment.key})`;
  const refused = refusal(to, answer, { ...delivery, success: to.updateSuccess, what });
  if (refused) throw refused.failure;
  const more = await tellWhatFollows(to, delivery, remoteId);
  return delivered(to, answer, { message: `${answer.status} updated${more}`, remoteId });
}

async function exchange(
  { send, secrets }: Destination,
  request: JsonRequest,
  { signal }: Delivery,
): Promise<JsonAnswer> {
  return secrets.reduce((answer, secret) => withoutSecret(answer, secret), await send({ ...request, signal }));
}

function refusal(
  { name, advice, retry, given }: Destination,
  answer: JsonAnswer,
  { deployment, success, what }: { deployment: Deployment; success: Success; what: string },
) {
  const scope = scopeOf(deployment, { settings: given.settings, secrets: {} }, {});
  return refusalOf(answer, { success, advice, retry, scope, what: `${name} ${what}` });
}

function delivered(
  to: Destination,
  answer: JsonAnswer,
  { message, remoteId }: { message: string; remoteId: string | undefined },
): Delivered {
  const remoteUrl = urlIn(answer, to.remoteUrl);
  return {
    message,
    status: answer.status,
    ...(remoteId !== undefined && { remoteId }),
    ...(remoteUrl !== undefined && { remoteUrl }),
  };
}

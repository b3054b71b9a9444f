import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import {
  certainlyRefused,
  excerptOf,
  failure,
  type JsonAnswer,
  type JsonRequest,
  neverSent,
  type SendJson,
  withoutSecret,
} from '../../outbound/http.ts';
import { isReportedLater } from '../one-alert.ts';
import type { Delivered, DeliveryLedger } from '../sink.ts';
import { type AnswerPath, idIn, type Success, urlIn, verdictOf } from './answer.ts';
import type { RateLimit } from './rate-limit.ts';
import { type Exchange, type Parts, requestOf } from './request.ts';
import { asWritten, type Retrying } from './retry.ts';
import type { Written } from './written.ts';

export interface Destination extends Parts {
  readonly name: string;
  readonly send: SendJson;
  readonly pace: RateLimit;
  readonly secrets: readonly string[];
  readonly create: Exchange;
  /** The states that are told of a deployment which the destination has never heard of. */
  readonly states: readonly State[];
  /** How a later state is told of a deployment of which the destination gave an id. */
  readonly update: Exchange | undefined;
  readonly success: Success;
  readonly updateSuccess: Success;
  readonly remoteId: AnswerPath | undefined;
  readonly remoteUrl: AnswerPath | undefined;
  /** The destination recognises a repeat by itself. */
  readonly idempotent: boolean;
  readonly per: Written['per'];
  readonly retry: Retrying | undefined;
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
    return { words: `nothing to tell: ${to.name} hears of ${deployment.state} only of a deployment that it knows` };
  const exchange = remoteId === undefined || !to.update ? to.create : to.update;
  const request = requestOf(exchange, to, { deployment, now, remoteId, pageUrl });
  waitForRate(to, now);
  try {
    return await (remoteId === undefined ? create(to, request, delivery) : update(to, request, delivery));
  } catch (error) {
    throw asWritten(error, to.retry, delivery);
  }
}

function waitForRate({ pace, name }: Destination, now: Date): void {
  const afterMs = pace(now.getTime());
  if (afterMs === 0) return;
  throw new DeliveryFailed(`${name} has sent as much this minute as rate_per_minute allows; it goes on by itself`, {
    retry: { afterMs, hold: 'sink' },
  });
}

async function create(to: Destination, request: JsonRequest, delivery: Delivery): Promise<Delivered> {
  const { deployment, ledger } = delivery;
  /** An earlier request went out, and its answer was lost. Nobody can be asked what became of it. */
  const repeated = ledger.known.attemptedAt !== undefined;
  if (!repeated) await ledger.attempting();
  // What an earlier attempt did stays unknown, whatever this one meets.
  const forget = async () => {
    if (!repeated) await ledger.notAttempted();
  };
  const answer = await exchange(to, request, delivery).catch(async (error: unknown) => {
    if (neverSent(error)) await forget();
    throw error;
  });
  const refused = refusalOf(to.success, answer, `${to.name} did not take ${deployment.key}`);
  if (refused) {
    if (certainlyRefused(answer) || refused.denied) await forget();
    throw refused.failure;
  }
  const remoteId = idIn(answer, to.remoteId);
  if (to.update && remoteId !== undefined) await ledger.claim(remoteId);
  const words = repeated && !to.idempotent ? 'taken, perhaps twice: an earlier answer was lost' : 'taken';
  return delivered(to, answer, { words: `${answer.status} ${words}`, remoteId });
}

/** An update says how things stand: twice is as good as once. */
async function update(to: Destination, request: JsonRequest, delivery: Delivery): Promise<Delivered> {
  const { remoteId = '' } = delivery.ledger.known;
  const answer = await exchange(to, request, delivery);
  const refused = refusalOf(
    to.updateSuccess,
    answer,
    `${to.name} did not update ${remoteId} (${delivery.deployment.key})`,
  );
  if (refused) throw refused.failure;
  return delivered(to, answer, { words: `${answer.status} updated`, remoteId });
}

async function exchange(
  { send, secrets }: Destination,
  request: JsonRequest,
  { signal }: Delivery,
): Promise<JsonAnswer> {
  return secrets.reduce((answer, secret) => withoutSecret(answer, secret), await send({ ...request, signal }));
}

function refusalOf(success: Success, answer: JsonAnswer, what: string) {
  const verdict = verdictOf(answer, success);
  if (verdict === 'taken') return undefined;
  if (verdict === 'refused') return { denied: false, failure: failure(answer, what, adviceFor(answer.status)) };
  const { status } = answer;
  const message = `${what}: ${status}, but the answer says otherwise: ${excerptOf(answer)}`;
  return { denied: true, failure: new DeliveryFailed(message, { retry: 'never', status }) };
}

function adviceFor(status: number): string | undefined {
  if (status === 401 || status === 403)
    return 'What it proves itself with is missing, wrong, expired or not allowed to do this: correct auth or secrets';
  if (status === 404) return 'Nothing answers there: correct url';
  if (status >= 300 && status < 400) return 'Redirects are not followed: set url to where it leads';
  return undefined;
}

function delivered(
  to: Destination,
  answer: JsonAnswer,
  { words, remoteId }: { words: string; remoteId: string | undefined },
): Delivered {
  const remoteUrl = urlIn(answer, to.remoteUrl);
  return {
    words,
    status: answer.status,
    ...(remoteId !== undefined && { remoteId }),
    ...(remoteUrl !== undefined && { remoteUrl }),
  };
}

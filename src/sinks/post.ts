import type { DeliveryFailed } from '../domain/errors.ts';
import {
  certainlyRefused,
  failure,
  isApiSuccess,
  isPage,
  isSuccess,
  type JsonAnswer,
  neverSent,
  PAGE_ADVICE,
  type SendJson,
  withoutSecret,
} from '../outbound/http.ts';
import type { Delivered, DeliveryLedger } from './sink.ts';

interface Posts<Request> {
  /** Sent one after the other; the first that is not accepted ends it. */
  readonly requests: readonly Request[];
  readonly ledger: DeliveryLedger;
  readonly send: (request: Request) => Promise<JsonAnswer>;
  readonly refusal: (answer: JsonAnswer) => DeliveryFailed;
  /** Whether an answer means that it was accepted; absent: any 2xx. */
  readonly isTaken?: (answer: JsonAnswer) => boolean;
  /** For a person: what it means that the requests may have arrived before. */
  readonly again: string;
}

/**
 * Delivers to a destination that cannot be asked what it has. When an answer was lost, the same is sent again: twice is
 * better than not at all. The message in the log says so.
 * @throws DeliveryFailed
 */
export async function post<Request>(posts: Posts<Request>): Promise<Delivered> {
  const { requests, ledger, send, isTaken = isSuccess, refusal, again } = posts;
  const isAgain = ledger.known.attemptedAt !== undefined;
  if (!isAgain) await ledger.attempting();
  let status: number | undefined;
  for (const [index, request] of requests.entries()) {
    const forget = async () => {
      if (!isAgain && index === 0) await ledger.notAttempted();
    };
    const answer = await send(request).catch(async (error: unknown) => {
      if (neverSent(error)) await forget();
      throw error;
    });
    if (!isTaken(answer)) {
      if (certainlyRefused(answer)) await forget();
      throw refusal(answer);
    }
    status = answer.status;
  }
  const outcome = `${status ?? ''} accepted${isAgain ? `, ${again}` : ''}`.trim();
  return { message: outcome, ...(status !== undefined && { status }) };
}

/** For an API: a web page is no answer of it. */
export const postToApi = <Request>(posts: Posts<Request>): Promise<Delivered> =>
  post({ ...posts, isTaken: isApiSuccess });

/** The advice for a refusal, with the name of a setting: `a valid token`. */
export function adviceFor(answer: JsonAnswer, settings: { credential: string; address: string }): string {
  const { status } = answer;
  if (isSuccess(answer) && isPage(answer)) return `${PAGE_ADVICE} ${settings.address}`;
  if (status === 401 || status === 403) return `The credentials are refused: set ${settings.credential}`;
  if (status === 404 || status === 405) return `Nothing takes a change there: check ${settings.address}`;
  if (status >= 300 && status < 400) return `Redirects are not followed: set ${settings.address} to where it leads`;
  return '';
}

/**
 * Whether anything answers at the root of this address. Nothing more can be checked without sending a deployment.
 * @throws DeliveryFailed
 */
export async function answersAt(send: SendJson, url: string, signal: AbortSignal): Promise<string> {
  const { origin, host } = new URL(url);
  const answer = await send({ method: 'GET', url: origin, signal });
  if (answer.status >= 500) throw failure({ ...answer, text: '' }, `${host} is down`);
  return host;
}

export const withoutSecrets = (answer: JsonAnswer, secrets: readonly string[]): JsonAnswer =>
  secrets.reduce(withoutSecret, answer);

import type { DeliveryFailed } from '../../domain/errors.ts';
import {
  createSendJson,
  failure,
  isPage,
  isSuccess,
  type JsonAnswer,
  PAGE_ADVICE,
  shown,
  withoutSecret,
} from '../../outbound/http.ts';
import { pathSegment } from '../path-segment.ts';
import type { PreviewedRequest } from '../sink.ts';
import type { ChangeCreate } from './schema.ts';

/** The service itself: a name that resolves to a private address is refused. */
export const ALERT24_URL = 'https://app.alert24.net';

/** The requests to Alert24's API. Each throws DeliveryFailed when there was no complete answer. */
export interface Alert24Api {
  post(change: ChangeCreate, serviceId: string | undefined, signal: AbortSignal): Promise<JsonAnswer>;
  /** The request of `post`, without the key. */
  preview(change: ChangeCreate, serviceId: string | undefined): PreviewedRequest;
  list(
    query: Readonly<Record<string, string>>,
    serviceId: string | undefined,
    signal: AbortSignal,
  ): Promise<JsonAnswer>;
}

export function createApi(config: { url: string; api_key: string; timeout_seconds: number }): Alert24Api {
  const send = createSendJson({
    timeoutMs: config.timeout_seconds * 1000,
    reach: config.url === ALERT24_URL ? 'public' : 'private',
  });
  const headers = { authorization: `Bearer ${config.api_key}` };
  const path = (serviceId: string | undefined) =>
    serviceId === undefined ? '/api/v1/changes' : `/api/v1/services/${pathSegment(serviceId)}/changes`;
  const creation = (change: ChangeCreate, serviceId: string | undefined) =>
    ({ method: 'POST', url: `${config.url}${path(serviceId)}`, headers, body: change }) as const;
  return {
    async post(change, serviceId, signal) {
      return withoutSecret(await send({ signal, ...creation(change, serviceId) }), config.api_key);
    },
    preview: (change, serviceId) => shown(creation(change, serviceId), config.api_key),
    async list(query, serviceId, signal) {
      const url = `${config.url}${path(serviceId)}?${new URLSearchParams(query)}`;
      return withoutSecret(await send({ method: 'GET', url, headers, signal }), config.api_key);
    },
  };
}

/** A refusal with Alert24's words, the id that its support asks for, and what to do. */
export function refusal(answer: JsonAnswer, what: string, serviceId?: string): DeliveryFailed {
  const requestId = answer.headers['x-request-id'];
  const advice = [
    requestId && `X-Request-Id: ${String(requestId).slice(0, 100)}`,
    isSuccess(answer) && isPage(answer) ? `${PAGE_ADVICE} url` : adviceFor(answer.status, serviceId),
  ].filter(Boolean);
  return failure(answer, what, advice.join('. '));
}

function adviceFor(status: number, serviceId: string | undefined): string | undefined {
  if (status === 401) return 'The API key is missing, wrong, expired or revoked: set a valid api_key';
  if (status === 403) return 'The API key may not do this: give it the scope "write"';
  if (status === 404 && serviceId)
    return `Alert24 knows no service ${serviceId} in the organisation of this key: correct service_id`;
  if (status === 404) return 'Nothing answers there: check url';
  if (status >= 300 && status < 400) return 'Redirects are not followed: set url to where it leads';
  return undefined;
}

import { DeliveryFailed, type Retry } from '../domain/errors.ts';
import { currentTraceparent } from '../telemetry/current-span.ts';
import { readJson } from '../values/json.ts';
import { patternOfSecret } from '../values/mask.ts';
import { inOneLine } from '../values/text.ts';
import { HOUR_MS } from '../values/units.ts';
import { withProxyNamed } from './egress.ts';
import { type Answer, createExchange, type ExchangeOptions, reasonOf } from './exchange.ts';

const MAX_RETRY_AFTER_MS = HOUR_MS; // a destination that asks for a year gets an hour

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Undefined when the text is not JSON: plain text, HTML of a proxy, nothing. */
  readonly json: unknown;
}

/** A request before it is sent. */
export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; bytes are sent as they are, with a content-type among the headers. */
  readonly body?: unknown;
}

/** Converts an answer that is no text to text. `contentType` is without its parameters. */
export type ReadText = (body: Buffer, answer: { readonly status: number; readonly contentType: string }) => string;

/** One request, one answer. Never retries, never follows a redirect. */
export type SendJson = (call: JsonRequest & { readonly signal: AbortSignal }) => Promise<JsonAnswer>;

export interface SendOptions extends ExchangeOptions {
  /** Default: UTF-8. */
  readonly readText?: ReadText;
}

/**
 * @throws DeliveryFailed with `retry: 'backoff'` when there was no complete answer. What the destination did is then
 * unknown.
 */
export function createSendJson({ readText = asUtf8, ...options }: SendOptions): SendJson {
  const exchange = createExchange(options);
  return async ({ signal, ...call }) => {
    const { method, url, body } = call;
    const bytes = body === undefined ? null : body instanceof Uint8Array ? body : JSON.stringify(body);
    try {
      const headers = { ...headersOf(call), ...traceHeader() };
      return toJsonAnswer(await exchange({ method, url, headers, body: bytes, signal }), readText);
    } catch (error) {
      const cause = withProxyNamed(error);
      throw new DeliveryFailed(`no answer from ${new URL(url).host}: ${reasonOf(cause, options.timeoutMs)}`, {
        retry: 'backoff',
        cause,
      });
    }
  };
}

function toJsonAnswer({ status, headers, body }: Answer, readText: ReadText): JsonAnswer {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  const text = readText(body, { status, contentType: type.trim().toLowerCase() });
  return { status, headers, text, json: parseOrUndefined(text) };
}

const asUtf8: ReadText = (body) => body.toString('utf8');

function parseOrUndefined(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return undefined; // an answer that is not JSON is normal: GitLab's 429 is plain text
  }
}

/** Codes of a connection that was never made: DNS, a closed port, a certificate that was refused before the request. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ADDRESS_REFUSED',
  'PROXY_REFUSED',
]);

/** True when the request certainly never left: the destination did nothing, and there is nothing to look for. */
export function neverSent(error: unknown): boolean {
  const cause = error instanceof DeliveryFailed ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && NEVER_CONNECTED.has(String(cause.code));
}

/**
 * True when this answer means that the destination certainly did nothing. A 5xx other than 503 may have been sent after
 * the work, and a 408 by a proxy that no longer waited for it.
 */
export function certainlyRefused({ status }: Pick<JsonAnswer, 'status'>): boolean {
  return (status >= 300 && status < 500 && status !== 408) || status === 503;
}

export const isSuccess = ({ status }: Pick<JsonAnswer, 'status'>): boolean => status >= 200 && status < 300;

/** A 2xx of an API. A web page with that status, such as a sign-in form, is of something else that took nothing. */
export const isApiSuccess = (answer: JsonAnswer): boolean => isSuccess(answer) && !isPage(answer);

export const PAGE_ADVICE = 'A web page answers in place of the API: check';

/** Some servers call any answer HTML, also an empty one or JSON: it has to begin like it, too. */
export function isPage({ text, headers }: Pick<JsonAnswer, 'text' | 'headers'>): boolean {
  const begin = text.slice(0, PAGE_BEGINS_WITHIN).trimStart();
  const isCalledHtml = /^text\/html\b/i.test(String(headers['content-type'] ?? ''));
  return /^<(?:!doctype html|html)\b/i.test(begin) || (isCalledHtml && begin.startsWith('<'));
}

const PAGE_BEGINS_WITHIN = 200; // characters

/** Removes a secret from the words of an answer, which go into logs and onto pages: some proxies repeat the request. */
export function withoutSecret(answer: JsonAnswer, secret: string): JsonAnswer {
  const hide = (text: string) => text.replace(patternOfSecret(secret), '[secret]');
  const text = hide(answer.text);
  const headers = Object.entries(answer.headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? hide(value) : value?.map(hide),
  ]);
  return {
    ...answer,
    headers: Object.fromEntries(headers) as JsonAnswer['headers'], // the same names
    text,
    json: text === answer.text ? answer.json : parseOrUndefined(text),
  };
}

const headersOf = ({ headers, body }: JsonRequest): Record<string, string> => ({
  accept: 'application/json',
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...headers,
});

/** So that a destination that traces continues our trace. */
function traceHeader(): { readonly traceparent?: string } {
  const traceparent = currentTraceparent();
  return traceparent ? { traceparent } : {};
}

/** The request as it would go out, for a person to read: every header, without the secrets in them. */
export function shown(request: JsonRequest, secret: string) {
  const headers = Object.entries(headersOf(request)).map(([name, value]) => [
    name,
    value.replaceAll(secret, '[secret]'),
  ]);
  return {
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(headers) as Record<string, string>, // the same names
    body: request.body,
  };
}

/** Turns an answer that is no success into the error that the queue understands. */
export function failure(answer: JsonAnswer, what: string, advice = ''): DeliveryFailed {
  const excerpt = excerptOf(answer);
  const message = `${what}: ${answer.status}${excerpt && ` ${excerpt}`}${advice && `. ${advice}`}`;
  return new DeliveryFailed(message, { retry: retryFor(answer, Date.now()), status: answer.status });
}

/** The destination's own words, one line, shortened. */
export function excerptOf(answer: JsonAnswer): string {
  return inOneLine(answer.text);
}

/** 401 and 403: the key; the whole sink waits and tries again by itself, so that a repaired key needs no restart. */
export const KEY_PROBE_MS = 10_000;

function retryFor(answer: JsonAnswer, nowMs: number): Retry {
  const { status } = answer;
  if (status === 401 || status === 403) return { afterMs: KEY_PROBE_MS, hold: 'sink' };
  if (status === 429 || status === 503) {
    const afterMs = retryAfterMs(answer, nowMs);
    if (afterMs !== undefined) return { afterMs, hold: 'sink' };
    return 'backoff';
  }
  if (status === 408 || status === 425 || status >= 500) return 'backoff';
  if (isSuccess(answer) && isPage(answer)) return 'backoff';
  return 'never';
}

/** `Retry-After` in seconds or as a date, else GitLab's `RateLimit-Reset` (Unix seconds); capped at one hour. */
export function retryAfterMs(answer: JsonAnswer, nowMs: number): number | undefined {
  const after = String(answer.headers['retry-after'] ?? '').trim();
  const reset = Number(answer.headers['ratelimit-reset'] ?? Number.NaN);
  const waitMs = /^\d+$/.test(after) ? Number(after) * 1000 : after ? Date.parse(after) - nowMs : reset * 1000 - nowMs;
  if (Number.isNaN(waitMs) || waitMs < 0) return undefined;
  return Math.min(waitMs, MAX_RETRY_AFTER_MS);
}

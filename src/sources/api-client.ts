import { LRUCache } from 'lru-cache';
import { DeliveryFailed, ResolveFailed, type Retry } from '../domain/errors.ts';
import { AnswerTooLarge } from '../outbound/exchange.ts';
import { createSendJson, failure, isSuccess, type JsonAnswer, retryAfterMs, withoutSecret } from '../outbound/http.ts';
import { HOUR_MS } from '../values/units.ts';
import { apiClientLimits } from './api-client-limits.ts';

/** A tool's API within its limits: not above its rate, not while it is away, and not twice for the same thing. */
export interface ApiClient {
  /**
   * @param path below the base URL, with its query, percent-encoded.
   * @returns the JSON of a 2xx answer; undefined for 404, which also means "no permission".
   * @throws ResolveFailed
   */
  get(path: string, options: { readonly signal: AbortSignal; readonly cacheMs?: number }): Promise<unknown>;
  /** The same, with headers, for paging. Never cached. */
  page(path: string, signal: AbortSignal): Promise<Pick<JsonAnswer, 'json' | 'headers'>>;
  /** Writes. @throws ResolveFailed also for 404 */
  send(method: 'POST' | 'PUT', path: string, order: { body?: unknown; signal: AbortSignal }): Promise<unknown>;
}

export interface ApiClientOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** What the messages call it: "GitLab at gitlab.example.com". */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Masked in every message. */
  readonly secret: string;
  /** Requests an hour; further ones fail, and are asked again later. */
  readonly perHour: number;
}

/** How long no request is sent after no answer or a 5xx: a tool that is away must not hold up the workers. */
const AWAY_MS = 5_000;
/** The same after 401, and after 429 without a time: asking on would get the user or the address blocked. */
const REFUSED_MS = 60_000;
/** Of all tools together, in memory. */
const CACHED_ANSWERS = 5_000;

export function createApiClient(options: ApiClientOptions, clock: () => number = Date.now): ApiClient {
  const { baseUrl, name, headers, secret, perHour } = options;
  const sendJson = createSendJson({ timeoutMs: apiClientLimits.timeoutMs });
  const spend = createBudget(perHour, clock);
  const cache = new LRUCache<string, { json: unknown }>({ max: CACHED_ANSWERS });
  let away: { untilMs: number; why: string } | undefined;

  /** One request; 404 is an answer. */
  async function ask(method: 'GET' | 'POST' | 'PUT', path: string, signal: AbortSignal, body?: unknown) {
    if (away && away.untilMs > clock()) throw later(`${away.why}; asked again later`, away.untilMs - clock());
    const waitMs = spend();
    if (waitMs > 0) throw later(`${name} was asked ${perHour} times this hour; asked again later`, waitMs);
    const call = {
      method,
      url: `${baseUrl}${path}`,
      headers: { ...headers },
      signal,
      ...(body !== undefined && { body }),
    };
    const answer = await sendJson(call).then(
      (got) => withoutSecret(got, secret),
      (error: unknown) => {
        const why = `${name} gives no answer`;
        if (isTooLarge(error)) throw asResolveFailed(error, `${name} answers ${method} ${path.split('?')[0]}`);
        if (!signal.aborted) away = { untilMs: clock() + AWAY_MS, why };
        throw asResolveFailed(error, why);
      },
    );
    if (isSuccess(answer) || (answer.status === 404 && method === 'GET')) {
      away = undefined;
      return answer;
    }
    const refusal = failure(answer, `${name} answers ${method} ${path.split('?')[0]}`, adviceFor(answer));
    const holdMs = holdFor(answer, clock());
    if (holdMs !== undefined) away = { untilMs: clock() + holdMs, why: refusal.message };
    throw new ResolveFailed(refusal.message, {
      retry: holdMs !== undefined ? { afterMs: holdMs, hold: 'job' } : answer.status === 403 ? 'never' : refusal.retry,
      cause: refusal,
    });
  }

  return {
    async get(path, { signal, cacheMs = 0 }) {
      const cached = cache.get(path);
      if (cached) return cached.json;
      const answer = await ask('GET', path, signal);
      const json = answer.status === 404 ? undefined : answer.json;
      // What does not exist, or may not be seen, may the next time.
      if (cacheMs > 0 && answer.status !== 404) cache.set(path, { json }, { ttl: cacheMs });
      return json;
    },
    async page(path, signal) {
      const answer = await ask('GET', path, signal);
      return answer.status === 404 ? { json: undefined, headers: {} } : answer;
    },
    async send(method, path, { body, signal }) {
      return (await ask(method, path, signal, body)).json;
    },
  };
}

/** Counts requests in windows of an hour. @returns 0, or how long until the next window, milliseconds. */
function createBudget(perHour: number, clock: () => number): () => number {
  let startedMs = clock();
  let spent = 0;
  return () => {
    if (clock() - startedMs >= HOUR_MS) {
      startedMs = clock();
      spent = 0;
    }
    spent += 1;
    return spent > perHour ? startedMs + HOUR_MS - clock() : 0;
  };
}

/** How long no question is asked after this answer, milliseconds; undefined: it concerns this question only. */
function holdFor(answer: JsonAnswer, nowMs: number): number | undefined {
  if (answer.status === 401) return REFUSED_MS;
  if (answer.status === 429) return retryAfterMs(answer, nowMs) ?? REFUSED_MS;
  return answer.status >= 500 ? (retryAfterMs(answer, nowMs) ?? AWAY_MS) : undefined;
}

const adviceFor = ({ status }: JsonAnswer): string =>
  status === 401 || status === 403 ? 'Check the token, its scopes and its role' : '';

const later = (message: string, afterMs: number) =>
  new ResolveFailed(message, { retry: { afterMs: Math.max(afterMs, 1_000), hold: 'job' } });

const isTooLarge = (error: unknown): boolean =>
  error instanceof DeliveryFailed && error.cause instanceof AnswerTooLarge;

function asResolveFailed(error: unknown, what: string): ResolveFailed {
  const retry: Retry = isTooLarge(error) ? 'never' : error instanceof DeliveryFailed ? error.retry : 'backoff';
  const why = error instanceof Error ? error.message : String(error);
  return new ResolveFailed(`${what}: ${why}`, { retry, cause: error });
}

import type { Dispatcher } from 'undici';
import { abortingAfter } from '../values/within.ts';
import { createEgress } from './egress.ts';
import { type AddressScope, guardedLookup } from './guard.ts';

/** A page of a tool's list has a few hundred kilobytes; what is larger would only fill the memory. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface ExchangeOptions {
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Default: `private`, for an address that the operator of the bridge has configured. */
  readonly reach?: AddressScope;
  /** For tests; by default a pool of its own, whose limits are per sink so that one slow sink starves no other. */
  readonly dispatcher?: Dispatcher;
}

/**
 * One request, one answer of bounded size. Never retries, never follows a redirect.
 * @throws whatever the connection throws
 */
export function createExchange({ timeoutMs, reach = 'private', ...options }: ExchangeOptions) {
  const egress = createEgress(guardedLookup(reach));
  return ({ method, url, headers, body, signal: outer }: RawRequest): Promise<Answer> => {
    const exchange = async (signal: AbortSignal) => {
      const target = new URL(url);
      const { origin, pathname, search } = target;
      const dispatcher = options.dispatcher ?? (await egress(target));
      const path = `${pathname}${search}`;
      // undici knows the methods by their names
      const known = method as Dispatcher.HttpMethod;
      const response = await dispatcher.request({ origin, path, method: known, headers, body, signal });
      return { status: response.statusCode, headers: response.headers, body: await readLimited(response.body) };
    };
    return abortingAfter(timeoutMs, exchange, outer);
  };
}

/** The answer exceeds the limit; retrying cannot help. */
export class AnswerTooLarge extends Error {}

async function readLimited(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    // undici's body yields Buffers
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) throw new AnswerTooLarge(`the answer is larger than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Why there is no answer, for a person. */
export function reasonOf(cause: unknown, timeoutMs: number): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return `none within ${timeoutMs} ms`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  // OpenSSL's message is several lines of its own source.
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return `it does not speak TLS there: is the address http:// instead of https://? (${code})`;
  return `${cause.message || 'the connection failed'} (${code})`;
}

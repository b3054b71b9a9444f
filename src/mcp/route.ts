import { type Request as ExpressRequest, type Response as ExpressResponse, type RequestHandler, Router } from 'express';
import { type Access, requireScope } from '../http/access.ts';
import { readBody } from '../http/body.ts';
import type { BodyBudget } from '../http/body-budget.ts';
import { fail } from '../http/error-response.ts';
import { networkOf } from '../http/refusals.ts';
import type { AnswerMessage, ToolParts } from './tool.ts';

export interface McpRouteParts {
  readonly access: Access;
  readonly budget: BodyBudget;
  readonly publicUrl: string | undefined;
  readonly onError: (error: unknown) => void;
  readonly tools: ToolParts;
}

/** A question is a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * The Model Context Protocol by streamable HTTP at /mcp, without sessions: one message a request. The SDK is loaded
 * with the first request.
 */
export function createMcpRoute(parts: McpRouteParts): RequestHandler {
  const { access, publicUrl } = parts;
  const router = Router();
  let loading: Promise<AnswerMessage> | undefined;
  const load = () => {
    loading ??= import('./server.ts').then(({ createMcpServer }) => createMcpServer(parts.tools, parts.onError));
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  router.all('/mcp', checkOrigin(publicUrl), requireScope(access, 'read'), async (request, response, next) => {
    const message = request.method === 'POST' ? await readMessage(parts, request) : undefined;
    if (request.method === 'POST' && message === undefined) return next(new Error('the request ended early'));
    if (message && 'refused' in message) return fail(response, message.refused);
    const answer = await load();
    await send(await answer(toWebRequest(request), message?.parsed), response);
  });
  return router;
}

/** Host names by which a person reaches the bridge on their own machine. */
const OWN_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A foreign web page must not query us in the name of its visitor, nor by a host name of its own that resolves to us
 * (DNS rebinding). Clients that are no browser send no Origin.
 */
function checkOrigin(publicUrl: string | undefined): RequestHandler {
  const allowed = new Set([...OWN_HOSTS, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])]);
  return ({ headers: { origin } }, response, next) => {
    if (origin === undefined || (URL.canParse(origin) && allowed.has(new URL(origin).hostname))) return next();
    fail(response, {
      status: 403,
      type: 'permission_error',
      message: 'This Origin may not ask: only pages of public_url or of this machine may.',
    });
  };
}

type Message =
  | { readonly parsed: unknown }
  | { readonly refused: { readonly status: number; readonly type: string; readonly message: string } };

/** Undefined: the sender hung up. */
async function readMessage({ budget }: McpRouteParts, request: ExpressRequest): Promise<Message | undefined> {
  const share = budget.open({ address: networkOf(request.ip), source: 'mcp', proved: true });
  try {
    const body = await readBody(request, { limit: MAX_BODY_BYTES, proved: true, share });
    if (body === undefined) return undefined;
    if (body === 'busy')
      return refused(503, 'server_error', 'too many requests are being received at the moment: try again');
    if (body === 'too_large') return refused(413, 'validation_error', `a message has at most ${MAX_BODY_BYTES} bytes`);
    if (!Buffer.isBuffer(body)) return refused(400, 'validation_error', 'the body cannot be read');
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (!Array.isArray(parsed)) return { parsed };
    return refused(400, 'validation_error', 'send one message a request: batches are not taken');
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, 'validation_error', 'the body is not JSON');
    throw error;
  } finally {
    share.release();
  }
}

const refused = (status: number, type: string, message: string): Message => ({ refused: { status, type, message } });

/** The headers that the protocol reads; the body is parsed already, and the token must not be passed on. */
function toWebRequest({ method, headers }: ExpressRequest): Request {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name === 'accept' || name === 'content-type' || name.startsWith('mcp-') ? [[name, String(value)]] : [],
  );
  return new Request('http://localhost/mcp', { method, headers: kept });
}

async function send(answer: Response, response: ExpressResponse): Promise<void> {
  const body = await answer.text(); // an answer is bounded, and ends with its result
  const type = answer.headers.get('content-type');
  response.status(answer.status).set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (type !== null) response.set('content-type', type);
  response.end(body);
}

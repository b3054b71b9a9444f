import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { WebhookRejected } from '../domain/errors.ts';
import type { ReceiveParts } from '../receive.ts';
import type { Answer, Outcome, Source, Webhook } from '../sources/source.ts';
import type { Mask } from '../values/mask.ts';
import { answerTo, tooLarge, unreadable } from './answer.ts';
import { readBody } from './body.ts';
import type { RefusalLimit } from './refusals.ts';

export interface WebhookParts {
  readonly sources: readonly Source[];
  readonly receive: (
    candidates: readonly [Source, ...Source[]],
    webhook: Webhook,
  ) => Promise<{ source: Source; outcome: Outcome }>;
  /** Notes one whose body is too large to be received, or packed in an unknown way. */
  readonly noteRejected: ReceiveParts['noteRejected'];
  readonly limit: RefusalLimit;
  /** An answer repeats what was sent, and may end up in the log of a pipeline. */
  readonly mask: Mask;
  /** One line a webhook. */
  readonly onAnswered: (answered: {
    webhook: Webhook;
    source: Source;
    outcome: Outcome;
    status: number;
    ms: number;
  }) => void;
}

const RETRY_AFTER_SECONDS = 5; // some senders block a worker for as long as they are told: Argo CD does

/** Bytes in, answer out. All that express does for webhooks. */
export function createWebhooks(parts: WebhookParts): RequestHandler {
  const { sources, receive, noteRejected, limit: refusals, mask, onAnswered } = parts;
  const refuse = async (source: Source, webhook: Webhook, error: WebhookRejected) => {
    await noteRejected(source, webhook, error);
    return { source, outcome: { kind: 'rejected', error } as const };
  };
  return async (request, response, next) => {
    const path = request.originalUrl.split('?')[0] ?? '/';
    const candidates = sourcesAt(sources, path);
    if (!candidates) return path.startsWith('/webhooks') ? explainUnknown(response, sources) : next();
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && !path.startsWith('/webhooks')) return next(); // GET /api/v1/changes is the change log
    if (!methodsOf(candidates).includes(request.method)) return explainMethod(response, request.method, candidates);
    if (await refusals.holdsBack(request, response)) return;
    const startedMs = performance.now();
    const limit = Math.max(...candidates.map((source) => source.maxBodyBytes));
    const body = await readBody(request, response, limit);
    if (body === undefined) return next(new Error('the request ended early')); // the sender hung up: nobody to answer
    const webhook = toWebhook(request, path, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    const { source, outcome } = Buffer.isBuffer(body)
      ? await receive(candidates, webhook)
      : await refuse(candidates[0], webhook, body === 'too_large' ? tooLarge(limit) : unreadable());
    const answer = answerTo(source, outcome, webhook);
    if (answer.status === 503) response.set('retry-after', String(RETRY_AFTER_SECONDS));
    if (isRefusal(answer) && (await refusals.refuses(request, response))) return;
    send(response, answer.status, mask.json(answer.body));
    onAnswered({ webhook, source, outcome, status: answer.status, ms: performance.now() - startedMs });
  };
}

const isRefusal = ({ status }: Answer): boolean => status >= 400 && status < 500;

/** `/webhooks/<name>` and everything below it, else the paths that a source answers as well. */
function sourcesAt(sources: readonly Source[], path: string): [Source, ...Source[]] | undefined {
  const name = /^\/webhooks\/([^/]+)/.exec(path)?.[1];
  const found = sources.filter((source) =>
    name === undefined ? source.alsoAt?.some((prefix) => isUnder(path, prefix)) : source.name === name,
  );
  const [first, ...more] = found;
  return first && [first, ...more];
}

const isUnder = (path: string, prefix: string) =>
  prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path === `${prefix}/`;

export function toWebhook(request: Request, path: string, body: Buffer): Webhook {
  return { id: randomUUID(), method: request.method, path, headers: headersOf(request), body, receivedAt: new Date() };
}

/** Not the request's own `headers`: of two Authorization headers they hold the first alone, and two tokens must be one wrong token. */
function headersOf({ rawHeaders }: Request): Webhook['headers'] {
  const headers: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

/** Express's own `json` costs as much as all the rest of it. */
function send(response: Response, status: number, json: string): void {
  const length = Buffer.byteLength(json);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': length }).end(json);
}

const methodsOf = (candidates: readonly Source[]): string[] => [
  ...new Set(candidates.flatMap(({ methods = ['POST'] }) => methods)),
];

function explainMethod(response: Response, method: string, candidates: readonly Source[]): void {
  const allowed = methodsOf(candidates).join(', ');
  const advice = [...new Set(candidates.flatMap(({ wrongMethodAdvice = [] }) => wrongMethodAdvice))];
  const error = `this address takes webhooks by ${allowed}, not ${method.slice(0, 20)}`;
  response
    .status(405)
    .set('allow', allowed)
    .json({ error: [error, ...advice].join(': ') });
}

function explainUnknown(response: Response, sources: readonly Source[]): void {
  const known = sources.map((source) => `/webhooks/${source.name}`).join(', ');
  response.status(404).json({ error: `no source of that name is configured; there are: ${known}` });
}

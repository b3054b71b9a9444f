import { randomUUID } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import type { WebhookRejected } from '../domain/errors.ts';
import type { Outcome, Source, Webhook } from '../sources/source.ts';
import { answerTo, tooLarge, unreadable } from './answer.ts';

export interface WebhookParts {
  readonly sources: readonly Source[];
  readonly receive: (
    candidates: readonly [Source, ...Source[]],
    webhook: Webhook,
  ) => Promise<{ source: Source; outcome: Outcome }>;
  /** Notes one whose body is too large to be received. Never holds up the answer. */
  readonly noteRejected: (source: Source, webhook: Webhook, error: WebhookRejected) => void;
  /** One line a webhook. */
  readonly onAnswered: (answered: {
    webhook: Webhook;
    source: Source;
    outcome: Outcome;
    status: number;
    ms: number;
  }) => void;
}

const RETRY_AFTER_SECONDS = 5; // Argo CD blocks a worker for as long as it is told; see its source's README

/** Bytes in, answer out. All that express does for webhooks. */
export function createWebhooks({ sources, receive, noteRejected, onAnswered }: WebhookParts): RequestHandler {
  const refuse = (source: Source, webhook: Webhook, error: WebhookRejected) => {
    noteRejected(source, webhook, error);
    return { source, outcome: { kind: 'rejected', error } as const };
  };
  return async (request, response, next) => {
    const path = request.originalUrl.split('?')[0] ?? '/';
    const candidates = sourcesAt(sources, path);
    if (!candidates) return path.startsWith('/webhooks') ? explainUnknown(response, sources) : next();
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && !path.startsWith('/webhooks')) return next(); // GET /api/v1/changes is the change log
    if (!candidates.some(({ methods = ['POST'] }) => methods.includes(request.method)))
      return explainMethod(response, request.method);
    const startedMs = performance.now();
    const limit = Math.max(...candidates.map((source) => source.maxBodyBytes));
    const body = await readBody(request, response, limit);
    if (body === undefined) return next(new Error('the request ended early')); // the sender hung up: nobody to answer
    const webhook = toWebhook(request, path, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    const { source, outcome } = Buffer.isBuffer(body)
      ? await receive(candidates, webhook)
      : refuse(candidates[0], webhook, body === 'too_large' ? tooLarge(limit) : unreadable());
    const answer = answerTo(source, outcome, webhook);
    if (answer.status === 503) response.set('retry-after', String(RETRY_AFTER_SECONDS));
    response.status(answer.status).json(answer.body);
    onAnswered({ webhook, source, outcome, status: answer.status, ms: performance.now() - startedMs });
  };
}

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

/** Undefined: the sender hung up. Unreadable: its Content-Encoding is not known, or not what the bytes are. */
export async function readBody(
  request: Request,
  response: Response,
  limit: number,
): Promise<Buffer | 'too_large' | 'unreadable' | undefined> {
  // express.raw would take a terabyte in, or wait for it, before it says so.
  if (Number(request.headers['content-length']) > limit) return 'too_large';
  const read = express.raw({ type: () => true, limit });
  const error = await new Promise<unknown>((resolve) => read(request, response, resolve));
  // A request that broke off before it was handed to express looks like one without a body.
  if (!error && !request.complete) return undefined;
  if (!error) return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { type, status } = BodyError.parse(error);
  if (type === 'entity.too.large') return 'too_large';
  if (type === 'request.aborted') return undefined;
  if (status !== undefined && status < 500) return 'unreadable';
  throw error;
}

/** What express.raw says of a body that it cannot give. */
const BodyError = z.object({ type: z.string().optional(), status: z.number().optional() }).catch({});

export function toWebhook(request: Request, path: string, body: Buffer): Webhook {
  // Not `headers`: of two Authorization headers that one holds the first alone, and two tokens must be one wrong token.
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(', ')]),
  );
  return { id: randomUUID(), method: request.method, path, headers, body, receivedAt: new Date() };
}

function explainMethod(response: Response, method: string): void {
  response
    .status(405)
    .set('allow', 'POST')
    .json({
      error: `this address takes webhooks by POST, not ${method.slice(0, 20)}. In Argo CD: the template has no "webhook:" section for this service`,
    });
}

function explainUnknown(response: Response, sources: readonly Source[]): void {
  const known = sources.map((source) => `/webhooks/${source.name}`).join(', ');
  response.status(404).json({ error: `no source of that name is configured; there are: ${known}` });
}

import type { Request, RequestHandler, Response } from 'express';
import type { WebhookRejected } from '../domain/errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { answerTo, tooLarge, unreadable, unsigned } from '../sources/answer.ts';
import type { Answer, Outcome } from '../sources/outcome.ts';
import type { Webhook, WebhookHead } from '../sources/received-webhook.ts';
import { admit } from '../sources/sender.ts';
import type { Source } from '../sources/source.ts';
import type { Mask } from '../values/mask.ts';
import { type Body, readBody } from './body.ts';
import type { BodyBudget } from './body-budget.ts';
import { discardBody } from './discard.ts';
import type { RefusalLimit } from './refusals.ts';
import { pathOf, toHead } from './webhook-request.ts';

type Candidates = readonly [Source, ...Source[]];

export interface WebhookParts {
  readonly sources: readonly Source[];
  readonly receive: (candidates: Candidates, webhook: Webhook) => Promise<{ source: Source; outcome: Outcome }>;
  /** Notes a webhook that was refused before its body was read. */
  readonly noteRefused: ReceiveParts['noteRejected'];
  readonly limit: RefusalLimit;
  readonly budget: BodyBudget;
  /** Answers addresses below `/webhooks/` that belong to no source. */
  readonly nowhere: RequestHandler;
  /** Masks the answer: it repeats what was sent, and may end up in the log of a pipeline. */
  readonly mask: Mask;
  /** One log line a webhook. */
  readonly onAnswered: (answered: {
    webhook: Webhook;
    source: Pick<Source, 'name'>;
    outcome: Outcome;
    /** Unauthenticated: the sender is unknown. */
    proved: boolean;
    status: number;
    ms: number;
  }) => void;
}

/** The outcome. Undefined: the sender closed the connection, and there is nobody to answer. */
type Received =
  | { readonly webhook: Webhook; readonly source: Source; readonly outcome: Outcome; readonly proved: boolean }
  | undefined;

const RETRY_AFTER_SECONDS = 5; // some senders, such as Argo CD, block a worker until the answer comes
const NOTHING = Buffer.alloc(0);

/** Bytes in, answer out. All that express does for webhooks. */
export function createWebhooks(parts: WebhookParts): RequestHandler {
  const { sources, onAnswered, nowhere } = parts;
  return async (request, response, next) => {
    const path = pathOf(request.originalUrl);
    const candidates = sourcesAt(sources, path);
    if (!candidates) {
      if (isWebhookPath(path)) await nowhere(request, response, next);
      else next();
      return;
    }
    if (!candidates.some(({ imitates }) => imitates?.covers(path))) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (isRead && !isWebhookPath(path)) return next(); // GET /api/v1/changes is the change log
      if (!methodsOf(candidates).includes(request.method)) return explainMethod(response, request.method, candidates);
    }
    const startedMs = performance.now();
    const head = toHead(request, request.originalUrl);
    const received = await receiveOne(parts, { request, head, candidates });
    if (!received) return next(new Error('the request ended early'));
    const { webhook, source, outcome, proved } = received;
    const ms = performance.now() - startedMs;
    const status = reply(parts, response, received);
    if (outcome.kind !== 'answered') onAnswered({ webhook, source, outcome, proved, status, ms });
  };
}

/** @returns the status that was answered. */
function reply({ limit, mask }: WebhookParts, response: Response, received: NonNullable<Received>): number {
  const { webhook, source, outcome, proved } = received;
  const answer = answerTo(source, outcome, webhook);
  if (answer.status === 503) response.set('retry-after', String(RETRY_AFTER_SECONDS));
  else if (!proved) {
    const address = webhook.address ?? '';
    const beyond = limit.isBeyond(address);
    limit.count(address);
    if (beyond) return askToRetryLater(response, limit.retryAfter(address));
  }
  send(response, answer, mask);
  return answer.status;
}

interface Incoming {
  readonly request: Request;
  readonly head: WebhookHead;
  readonly candidates: Candidates;
}

/** Nothing of the body is read before the headers have been checked as far as they can be. */
async function receiveOne(parts: WebhookParts, incoming: Incoming): Promise<Received> {
  const { request, head } = incoming;
  const admission = admit(incoming.candidates, head);
  if (admission.kind === 'refused') {
    discardBody(request);
    const { source, outcome } = admission;
    const error = outcome.kind === 'rejected' ? outcome.error : unsigned();
    const webhook = await noted(parts, { webhook: { ...head, body: NOTHING }, source, error });
    return { webhook, source, outcome, proved: false };
  }
  const { candidates, proved } = admission;
  const address = head.address ?? '';
  const share = parts.budget.open({ address, source: candidates[0].name, proved });
  try {
    const limit = Math.max(...candidates.map((source) => source.maxBodyBytes));
    const body = await readBody(request, { limit, proved, share });
    return body && (await receiveRead(parts, { head, candidates, body, limit, proved }));
  } finally {
    share.release();
  }
}

interface Read {
  readonly head: WebhookHead;
  readonly candidates: Candidates;
  readonly body: Exclude<Body, undefined>;
  readonly limit: number;
  readonly proved: boolean;
}

async function receiveRead(parts: WebhookParts, read: Read): Promise<Received> {
  const { head, candidates, body, proved } = read;
  const [source] = candidates;
  if (Buffer.isBuffer(body)) {
    const webhook = { ...head, body };
    const received = await parts.receive(candidates, webhook);
    const { outcome } = received;
    if (outcome.kind !== 'rejected' || outcome.error.code !== 'bad_signature')
      return { webhook, ...received, proved: true };
    return { webhook: { ...webhook, id: outcome.noted ?? webhook.id }, ...received, proved: false };
  }
  const unread = { ...head, body: NOTHING };
  if (body === 'busy') return { webhook: unread, source, outcome: { kind: 'not_kept', reason: 'busy' }, proved };
  const error = body === 'too_large' ? tooLarge(read.limit) : unreadable();
  const webhook = await noted(parts, { webhook: unread, source, error });
  return { webhook, source, outcome: { kind: 'rejected', error }, proved };
}

interface Refused {
  readonly webhook: Webhook;
  readonly source: Source;
  readonly error: WebhookRejected;
}

/** Refusals of one address for one cause are one entry of the inbox: the answer names that. */
const noted = async (
  { noteRefused }: Pick<WebhookParts, 'noteRefused'>,
  { webhook, source, error }: Refused,
): Promise<Webhook> => ({ ...webhook, id: await noteRefused(source, webhook, error) });

/** Also where an API would be guessed: the answer there would ask for a token. */
const isWebhookPath = (path: string): boolean => /^(?:\/api(?:\/v\d)?)?\/webhooks(?:\/|$)/.test(path);

/** `/webhooks/<name>` and everything below it, else the paths that a source answers as well. */
function sourcesAt(sources: readonly Source[], path: string): Candidates | undefined {
  const name = /^\/webhooks\/([^/]+)/.exec(path)?.[1];
  const found = sources.filter((source) =>
    name === undefined ? source.alsoAt?.some((prefix) => isUnder(path, prefix)) : source.name === name,
  );
  const [first, ...more] = found;
  return first && [first, ...more];
}

const isUnder = (path: string, prefix: string) =>
  prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path === `${prefix}/`;

/** Express's own `json` costs as much as all the rest of it. */
function send(response: Response, { status, body, headers }: Answer, mask: Mask): void {
  if (body === undefined) return void response.writeHead(status, headers).end();
  const json = mask.json(body);
  response.writeHead(status, { ...JSON_TYPE, ...headers, 'content-length': Buffer.byteLength(json) }).end(json);
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

export function askToRetryLater(response: Response, seconds: number): number {
  const status = 429;
  response
    .status(status)
    .set('retry-after', String(seconds))
    .json({ error: 'too many refused requests from this address; come again in a minute' });
  return status;
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

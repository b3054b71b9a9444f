import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebhookRejected } from '../domain/errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { answerTo, tooLarge, unreadable, unsigned } from '../sources/answer.ts';
import type { Answer, Outcome } from '../sources/outcome.ts';
import type { Webhook, WebhookHead } from '../sources/received-webhook.ts';
import { admit, type Candidates, likeliest, type Sender } from '../sources/sender.ts';
import type { Source } from '../sources/source.ts';
import type { Mask } from '../values/mask.ts';
import { memoized } from '../values/memoized.ts';
import { type Body, readBody } from './body.ts';
import type { BodyBudget } from './body-budget.ts';
import { discardBody } from './discard.ts';
import type { RefusalLimit } from './refusals.ts';
import { sendJson } from './send-json.ts';
import { addressOf, pathOf, toHead } from './webhook-request.ts';

export interface WebhookParts {
  readonly sources: readonly Source[];
  readonly receive: (from: Sender, webhook: Webhook) => Promise<{ source: Source; outcome: Outcome }>;
  /** Notes a webhook that was refused before its body was read. */
  readonly noteRefused: ReceiveParts['noteRejected'];
  readonly limit: RefusalLimit;
  readonly budget: BodyBudget;
  /** How many proxies stand in front of us. */
  readonly trustProxy: number;
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

/** What is answered at one path. */
interface Place {
  readonly candidates: Candidates;
  readonly methods: readonly string[];
  /** Other paths of a source may be read: GET /api/v1/changes is the change log. */
  readonly isWebhookPath: boolean;
  /** Every method is one of its API. */
  readonly isImitated: boolean;
}

/** Handles a request, or passes it on: with an error that is ours, if there is one. */
export type WebhookHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Bytes in, answer out: before express, whose layers would cost as much as reading and answering. */
export function createWebhooks(parts: WebhookParts): WebhookHandler {
  const placeAt = memoized((path: string): { readonly place?: Place } => {
    const candidates = sourcesAt(parts.sources, path);
    return candidates ? { place: placeOf(candidates, path) } : {};
  });
  return (request, response, next) => {
    const { place } = placeAt(pathOf(request.url ?? '/'));
    if (!place) return next();
    const { method = '' } = request;
    if (!place.isImitated && !place.methods.includes(method)) {
      const isRead = method === 'GET' || method === 'HEAD';
      if (isRead && !place.isWebhookPath) return next();
      return void refuseMethod(parts, { request, response }, place).catch(next);
    }
    handle(parts, { request, response, candidates: place.candidates }).catch(next);
  };
}

const placeOf = (candidates: Candidates, path: string): Place => ({
  candidates,
  methods: [...new Set(candidates.flatMap(({ methods = ['POST'] }) => methods))],
  isWebhookPath: isWebhookPath(path),
  isImitated: candidates.some(({ imitates }) => imitates?.covers(path)),
});

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly candidates: Candidates;
}

async function handle(parts: WebhookParts, incoming: Incoming): Promise<void> {
  const { request, response } = incoming;
  const startedMs = performance.now();
  const head = toHead(request, request.url ?? '/', addressOf(request, parts.trustProxy));
  const received = await receiveOne(parts, incoming, head);
  if (!received) throw new Error('the request ended early');
  const { webhook, source, outcome, proved } = received;
  const ms = performance.now() - startedMs;
  const status = reply(parts, response, received);
  if (outcome.kind !== 'answered') parts.onAnswered({ webhook, source, outcome, proved, status, ms });
}

/** @returns the status that was answered. */
function reply({ limit, mask }: WebhookParts, response: ServerResponse, received: NonNullable<Received>): number {
  const { webhook, source, outcome, proved } = received;
  const answer = answerTo(source, outcome, webhook);
  if (answer.status === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  else if (!proved) {
    const address = webhook.address ?? '';
    const beyond = limit.isBeyond(address);
    limit.count(address);
    if (beyond) return askToRetryLater(response, limit.retryAfter(address));
  }
  send(response, answer, mask);
  return answer.status;
}

/** Nothing of the body is read before the headers have been checked as far as they can be. */
async function receiveOne(parts: WebhookParts, incoming: Incoming, head: WebhookHead): Promise<Received> {
  const { request } = incoming;
  const admission = admit(incoming.candidates, head);
  if (admission.kind === 'refused') {
    discardBody(request);
    const { source, outcome } = admission;
    const error = outcome.kind === 'rejected' ? outcome.error : unsigned();
    const webhook = await noted(parts, { webhook: { ...head, body: NOTHING }, source, error });
    return { webhook, source, outcome, proved: false };
  }
  const { from } = admission;
  const proved = 'proved' in from;
  const address = head.address ?? '';
  const share = parts.budget.open({ address, source: likeliest(from).name, proved });
  try {
    const limit = Math.max(...(proved ? [from.proved] : from.candidates).map((source) => source.maxBodyBytes));
    const body = await readBody(request, { limit, proved, share });
    return body && (await receiveRead(parts, { head, from, body, limit }));
  } finally {
    share.release();
  }
}

interface Read {
  readonly head: WebhookHead;
  readonly from: Sender;
  readonly body: Exclude<Body, undefined>;
  readonly limit: number;
}

async function receiveRead(parts: WebhookParts, read: Read): Promise<Received> {
  const { head, from, body } = read;
  const [source, proved] = [likeliest(from), 'proved' in from];
  if (Buffer.isBuffer(body)) {
    const webhook = { ...head, body };
    const received = await parts.receive(from, webhook);
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
export const isWebhookPath = (path: string): boolean => /^(?:\/api(?:\/v\d)?)?\/webhooks(?:\/|$)/.test(path);

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

function send(response: ServerResponse, { status, body, headers }: Answer, mask: Mask): void {
  if (body === undefined) response.writeHead(status, headers).end();
  else sendJson(response, { status, json: mask.json(body), headers });
}

export function askToRetryLater(response: ServerResponse, seconds: number): number {
  const status = 429;
  response.setHeader('retry-after', seconds);
  const json = JSON.stringify({ error: 'too many rejected requests from this address: try again in a minute' });
  sendJson(response, { status, json });
  return status;
}

/** A webhook is noted in the inbox, where its owner looks for it. A person with a browser is only answered. */
async function refuseMethod(
  parts: WebhookParts,
  { request, response }: Omit<Incoming, 'candidates'>,
  { candidates, methods }: Place,
): Promise<void> {
  const startedMs = performance.now();
  const [source] = candidates;
  const allowed = methods.join(', ');
  const advice = [...new Set(candidates.flatMap(({ wrongMethodAdvice = [] }) => wrongMethodAdvice))];
  const { method = '' } = request;
  const message = `this address accepts webhooks by ${allowed} only, not by ${method.slice(0, 20)}`;
  const error = new WebhookRejected('wrong_method', [message, ...advice].join(': '));
  discardBody(request);
  response.setHeader('allow', allowed);
  const status = 405;
  if (!seemsSent(request, candidates))
    return sendJson(response, { status, json: JSON.stringify({ error: error.message }) });
  const head = toHead(request, request.url ?? '/', addressOf(request, parts.trustProxy));
  const webhook = await noted(parts, { webhook: { ...head, body: NOTHING }, source, error });
  const outcome: Outcome = { kind: 'rejected', error };
  reply(parts, response, { webhook, source, outcome, proved: false });
  parts.onAnswered({ webhook, source, outcome, proved: false, status, ms: performance.now() - startedMs });
}

/** By a tool or a script: with a body, or with a header by which senders of these sources authenticate. */
const seemsSent = ({ headers }: IncomingMessage, candidates: Candidates): boolean =>
  Number(headers['content-length'] ?? 0) > 0 ||
  headers['transfer-encoding'] !== undefined ||
  candidates.some(({ proofHeaders }) => proofHeaders.some((name) => headers[name] !== undefined));

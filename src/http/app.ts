import type { RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Mask } from '../values/mask.ts';
import { underBase } from './base-path.ts';
import type { ProxyWatch } from './proxy-watch.ts';
import { sendJson } from './send-json.ts';
import { pathOf } from './webhook-request.ts';
import { isWebhookPath, type WebhookHandler } from './webhooks.ts';

export interface AppParts {
  readonly trustProxy: number;
  /** Detects a proxy that is not configured. */
  readonly proxyWatch: Pick<ProxyWatch, 'look'>;
  /** The path under which a proxy shows the pages; empty at the root of a host. */
  readonly base: string;
  readonly webhooks: WebhookHandler;
  readonly admin: RequestHandler;
  readonly api: RequestHandler;
  /** Absent: it is switched off. */
  readonly mcp: RequestHandler | undefined;
  readonly health: RequestHandler;
  /** Limits attempts to guess tokens. */
  readonly guesses: RequestHandler;
  /** Logs who did what. */
  readonly actionLog: RequestHandler;
  /** Answers requests to addresses that do not exist. */
  readonly nowhere: RequestHandler;
  readonly pages: RequestHandler;
  /** Masks the answer: it repeats what was sent, and may end up in the log of a pipeline. */
  readonly mask: Mask;
  readonly onError: (error: unknown) => void;
  /** True when the error means that Redis is away: that is no fault of ours, and temporary. */
  readonly isRedisAway: (error: unknown) => boolean;
}

/** All HTTP routes: webhooks first, since they are the most frequent, and all others by express. */
export function createApp(parts: AppParts): RequestListener {
  const app = createOthers(parts);
  const answerError = answerErrors(parts);
  return (request, response) => {
    parts.proxyWatch.look(request);
    parts.webhooks(request, response, (error) => {
      if (error === undefined) app(request, response);
      else if (response.headersSent) response.destroy();
      else answerError(error, response);
    });
  };
}

function createOthers(parts: AppParts) {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', parts.trustProxy);
  app.set('json replacer', (_key: string, part: unknown) => (typeof part === 'string' ? parts.mask.text(part) : part));
  app.use((request, response, next) =>
    isWebhookPath(pathOf(request.originalUrl)) ? parts.nowhere(request, response, next) : next(),
  );
  app.use(parts.health, parts.guesses);
  // a query, although it is a POST: it changes nothing and is not logged as an action
  if (parts.mcp) app.use(parts.mcp);
  app.use(parts.actionLog);
  app.use(underBase(parts.base, parts.trustProxy > 0), helmet(), parts.admin, parts.api, parts.pages);
  app.use(parts.nowhere);
  app.use(lastResort(parts));
  return app;
}

/** For a replica that only works: /livez, /readyz and /metrics. */
export function createWorkerApp(health: RequestHandler): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.use(health, (_request, response) => {
    response.status(404).json({
      error: 'this replica has only the role "work": webhooks and pages are served by replicas with the role "receive"',
    });
  });
  return app;
}

/** Errors of express (see `answerErrors`), unless the answer has begun. */
function lastResort(parts: AppParts): ErrorRequestHandler {
  const answerError = answerErrors(parts);
  return (error, _request, response, next) => {
    if (response.headersSent) next(error);
    else answerError(error, response);
  };
}

/** Express's own errors (a bad percent-encoding, an aborted body) have a status; everything else is our fault. */
function answerErrors({ onError, isRedisAway }: AppParts) {
  const send = (response: ServerResponse, status: number, error: string) =>
    sendJson(response, { status, json: JSON.stringify({ error }) });
  return (error: unknown, response: ServerResponse): void => {
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    if (isRedisAway(error)) {
      onError(error);
      send(response, 503, 'Redis does not respond at the moment; webhooks are stored, and the change log will be back');
    } else if (status >= 400 && status < 500) {
      send(response, status, 'the request could not be read');
    } else {
      onError(error);
      send(response, 500, 'internal error: the log of the bridge has the details');
    }
  };
}

import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Mask } from '../values/mask.ts';
import { underBase } from './base-path.ts';

export interface AppParts {
  readonly trustProxy: number;
  /** Detects a proxy that is not configured. */
  readonly proxyWatch: RequestHandler;
  /** The path under which a proxy shows the pages; empty at the root of a host. */
  readonly base: string;
  readonly webhooks: RequestHandler;
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

/** All HTTP routes: webhooks first, since they are the most frequent. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', parts.trustProxy);
  app.set('json replacer', (_key: string, part: unknown) => (typeof part === 'string' ? parts.mask.text(part) : part));
  app.use(parts.proxyWatch, parts.webhooks, parts.health, parts.guesses);
  // a query, although it is a POST: it changes nothing and is not logged as an action
  if (parts.mcp) app.use(parts.mcp);
  app.use(parts.actionLog);
  app.use(underBase(parts.base, parts.trustProxy > 0), helmet(), parts.admin, parts.api, parts.pages);
  app.use(parts.nowhere);
  app.use(lastResort(parts));
  return app;
}

/** For a replica that only works: /livez, /readyz and /metrics. */
export function createWorkerApp(health: RequestHandler): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(health, (_request, response) => {
    response
      .status(404)
      .json({ error: 'this replica only works (role "work"): webhooks and pages are those of a receiver' });
  });
  return app;
}

/** Express's own errors (a bad percent-encoding, an aborted body) have a status; everything else is our fault. */
function lastResort({ onError, isRedisAway }: AppParts): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    if (isRedisAway(error)) {
      onError(error);
      response
        .status(503)
        .json({ error: 'Redis does not answer just now; webhooks are kept, the change log is back when Redis is' });
      return;
    }
    if (!(status >= 400 && status < 500)) {
      onError(error);
      response.status(500).json({ error: 'something broke here; the log says what' });
      return;
    }
    response.status(status).json({ error: 'the request could not be read' });
  };
}

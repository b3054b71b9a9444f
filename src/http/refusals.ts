import type { Request, RequestHandler, Response } from 'express';
import rateLimit, { ipKeyGenerator } from 'express-rate-limit';

/** Holds back an address whose requests are refused again and again. Answers it with 429 by itself. */
export interface RefusalLimit {
  /** For requests that are not webhooks. */
  readonly guard: RequestHandler;
  /** True when this one was answered: its address has been refused too often. Counts nothing. */
  holdsBack(request: Request, response: Response): Promise<boolean>;
  /** Counts a request that is about to be refused. True when it was answered instead. */
  refuses(request: Request, response: Response): Promise<boolean>;
}

/**
 * Only refused requests count: a burst of real webhooks must get through whole, since GitLab does not send again and one
 * proxy may speak for everybody. So webhooks go through the limiter only when they are refused.
 */
export function createRefusalLimit(perMinute: number): RefusalLimit {
  const guard = rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    skipSuccessfulRequests: true,
    standardHeaders: true,
    legacyHeaders: false,
    validate: false, // it would write past the log: of a connection that is gone, of an X-Forwarded-For that nobody believes
    message: { error: 'too many refused requests from this address; come again in a minute' },
  });
  const run = async (request: Request, response: Response) => {
    const passed = await new Promise((resolve) => {
      response.once('finish', () => resolve(false));
      void guard(request, response, () => resolve(true));
    });
    return !passed;
  };
  return {
    guard,
    async holdsBack(request, response) {
      const seen = await guard.getKey(ipKeyGenerator(request.ip ?? ''));
      return seen !== undefined && seen.totalHits >= perMinute && run(request, response);
    },
    refuses: run,
  };
}

import type { Request, RequestHandler } from 'express';
import { networkOf, type RefusalLimit } from './refusals.ts';
import { holdBack } from './webhooks.ts';

/** Holds back an address that sends wrong tokens again and again. A right one passes, whatever its address has sent. */
export function holdGuesses(limit: RefusalLimit, isRight: (request: Request) => boolean): RequestHandler {
  return (request, response, next) => {
    if (request.headers.authorization === undefined || isRight(request)) return next();
    const address = networkOf(request.ip);
    const beyond = limit.isBeyond(address);
    limit.count(address);
    if (beyond) holdBack(response, limit.retryAfter(address));
    else next();
  };
}

import type { RequestHandler } from 'express';
import type { Access } from './access.ts';
import { networkOf, type RefusalLimit } from './refusals.ts';
import { askToRetryLater } from './webhooks.ts';

/** Wrong tokens from one address in a minute. */
export const WRONG_TOKENS = 20;
/** Logins from one network that a provider refused, in a minute: an office may share an address. */
export const FAILED_LOGINS = 60;

/**
 * Limits an address that sends wrong tokens again and again. A right token is accepted whatever its address has sent.
 */
export function limitFailedLogins(limit: RefusalLimit, access: Access): RequestHandler {
  return (request, response, next) => {
    if (request.headers.authorization === undefined || access.identify(request)) return next();
    const address = networkOf(request.ip);
    const beyond = limit.isBeyond(address);
    limit.count(address);
    if (beyond) askToRetryLater(response, limit.retryAfter(address));
    else next();
  };
}

import type { Request } from 'express';
import { bearerToken, isOneOf } from '../sources/signature.ts';

/** The cookie that the login page sets. */
export const SESSION_COOKIE = 'shiplog_session';

/** Who may read: the bearer of one of the tokens, in the Authorization header. */
export function isAllowed(request: Request, tokens: readonly string[]): boolean {
  return isOneOf(bearerToken(request.headers.authorization), tokens);
}

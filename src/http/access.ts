import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { bearerToken } from '../sources/signature.ts';
import { fail } from './error-response.ts';

/**
 * `write` posts changes and reads those of its own source, `read` reads the log but no bodies and no secrets, `admin`
 * does everything.
 */
export type Scope = 'write' | 'read' | 'admin';

/** The identity of a token. */
export interface Identity {
  /** The log names it beside the action. */
  readonly name: string;
  readonly may: Scope;
  /** With `write`: the source whose changes it posts. It can read no others. */
  readonly source?: string;
}

export interface Token extends Identity {
  readonly token: string;
}

export interface Access {
  /** By the token in the Authorization header. Undefined: there is none, or it is unknown. */
  identify(request: Request): Identity | undefined;
  /** The token itself, from which other values are derived. */
  find(token: string): Token | undefined;
  /** The tokens that open the pages. */
  readonly readers: readonly Token[];
}

export function createAccess(tokens: readonly Token[]): Access {
  const digests = tokens.map((token) => ({ token, digest: digestOf(token.token) }));
  const find = (given: string): Token | undefined => {
    const digest = digestOf(given);
    // All tokens are compared, so that the response time does not reveal which one it is.
    const matches = digests.filter((one) => timingSafeEqual(one.digest, digest));
    return matches[0]?.token;
  };
  return {
    find,
    identify(request) {
      const given = bearerToken(request.headers.authorization);
      return given === undefined ? undefined : find(given);
    },
    readers: tokens.filter(({ may }) => may !== 'write'),
  };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Derived from a token: it reveals neither the token nor other derived values. */
export const deriveFrom = (token: string, purpose: string): string =>
  createHmac('sha256', token).update(`shiplog ${purpose}`).digest('hex');

const RANK: Readonly<Record<Scope, number>> = { write: 0, read: 1, admin: 2 };
const WORDS: Readonly<Record<Scope, string>> = {
  write: 'a token with read access',
  read: 'a read token',
  admin: 'the admin token',
};

/** Lets requests with sufficient rights pass; 401 without a known token, 403 for a token with too few rights. */
export function requireScope(access: Access, needed: Scope): RequestHandler {
  return (request, response, next) => {
    const identity = access.identify(request);
    if (identity && RANK[identity.may] >= RANK[needed]) return next();
    if (identity)
      return fail(response, {
        status: 403,
        type: 'permission_error',
        message: `This token may ${identity.may} only; this needs ${WORDS[needed]}.`,
      });
    const hint = `${WORDS[needed]}: Authorization: Bearer <token> (npx shiplog secrets shows them).`;
    const hasToken = bearerToken(request.headers.authorization) !== undefined;
    const message = hasToken ? `This token is unknown. Send ${hint}` : `Send ${hint}`;
    fail(response, { status: 401, type: 'authentication_error', message });
  };
}

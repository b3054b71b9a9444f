/** Sessions of the pages: who a request is from. Who may do what: guards.ts; forms: csrf.ts. */
import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { type Access, deriveFrom, type Identity, type Token } from '../http/access.ts';
import { sameSecret } from '../sources/signature.ts';
import { SESSION_MS, type Sessions } from '../store/sessions.ts';
import type { OidcParts } from './oidc-parts.ts';
import type { Viewer } from './parts/action-form.tsx';

/** `__Host-`: only this host over TLS can have set it. Browsers refuse the name without Secure. */
const SECURE_COOKIE = '__Host-shiplog_session';
const PLAIN_COOKIE = 'shiplog_session';
const SESSION_ID = /^[A-Za-z0-9_-]{43}$/;
/** A request with more cookies of this name did not get them from us. */
const MOST_COOKIES = 4;

export interface SessionParts {
  readonly access: Access;
  readonly sessions: Sessions;
  /** Where a provider identifies people. */
  readonly oidc?: OidcParts | undefined;
}

export const newSessionId = (): string => randomBytes(32).toString('base64url');

/** The cookie of a new session. @throws while Redis is away */
export async function openSession(sessions: Sessions, token: Token): Promise<string> {
  const id = newSessionId();
  await sessions.open(id, proofOf(id, token));
  return id;
}

/** A session ends with the token that opened it. */
export const proofOf = (id: string, { token }: Token): string => deriveFrom(token, `session ${id}`);

/** The CSRF token in the forms of a session (csrf.ts). */
export const formTokenOf = (id: string, { token }: Token): string => deriveFrom(token, `forms of ${id}`);

export const cookieName = (request: Request): string => (request.secure ? SECURE_COOKIE : PLAIN_COOKIE);

export const cookieOptions = (request: Request) =>
  ({ httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/' }) as const;

export const COOKIE_AGE = { maxAge: SESSION_MS };

export const sessionsIn = (request: Request): string[] =>
  cookiesOf(request, cookieName(request)).filter((value) => SESSION_ID.test(value));

/** The values of the cookies of a name; a browser may hold several. */
export function cookiesOf(request: Request, wanted: string): string[] {
  const cookies = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return cookies
    .filter(([name, value = '']) => name === wanted && value !== '')
    .slice(0, MOST_COOKIES)
    .map(([, value = '']) => value);
}

const viewers = new WeakMap<Request, Viewer | undefined>();

/** The user of a request, as `rememberWho` determined. Undefined: not logged in. */
export const viewerOf = (request: Request): Viewer | undefined => viewers.get(request);

/** From now on the request belongs to the user who has just logged in. */
export const setViewer = (request: Request, token: Token): void => void viewers.set(request, toViewer(token));

/** Identifies the user by a token in the Authorization header, or by session. Lets everybody pass. */
export function rememberWho(parts: SessionParts): RequestHandler {
  return async (request, _response, next) => {
    viewers.set(request, await identify(request, parts));
    next();
  };
}

async function identify(request: Request, parts: SessionParts): Promise<Viewer | undefined> {
  const identity = opensByToken(parts) ? parts.access.identify(request) : undefined;
  return identity ? toViewer(identity) : bySession(request, parts);
}

/** At most 100 streams are open (live.ts): twenty questions to Redis a second. */
const STREAM_CHECK_MS = 5_000;

/** Ends an answer that lasts, a stream of events, soon after the session with which it began has ended. */
export function endWithSession(parts: SessionParts, everyMs = STREAM_CHECK_MS): RequestHandler {
  return (request, response, next) => {
    const check = () =>
      identify(request, parts).then(
        (who) => who ?? response.end(),
        () => {}, // Redis is away: a session that was valid stays so
      );
    const timer = setInterval(() => void check(), everyMs);
    response.on('close', () => clearInterval(timer));
    next();
  };
}

/** Tokens open the pages unless only a provider may. */
export const opensByToken = ({ oidc }: Pick<SessionParts, 'oidc'>): boolean => oidc?.login.only !== true;

/** A token that may only write opens no pages. */
const toViewer = ({ name, may }: Identity): Viewer | undefined =>
  may === 'write' ? undefined : { role: may === 'admin' ? 'admin' : 'viewer', name };

async function bySession(request: Request, parts: SessionParts): Promise<Viewer | undefined> {
  const { access, sessions, oidc } = parts;
  const readers = opensByToken(parts) ? access.readers : [];
  for (const id of sessionsIn(request)) {
    const proof = await sessions.proofOf(id);
    const person = proof && oidc?.people.read(id, proof);
    if (person) return person;
    const token = proof && readers.find((reader) => sameSecret(proof, proofOf(id, reader)));
    const who = token && toViewer(token);
    if (who) return { ...who, formToken: formTokenOf(id, token) };
  }
  return undefined;
}

/**
 * Sessions of the pages, and the CSRF token of their forms. The token is derived from the session and the token that
 * opened it, so that nothing more is stored; CSRF libraries (csrf-csrf) keep a second cookie and a secret of their own.
 */
import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { type Access, deriveFrom, type Identity, type Token } from '../http/access.ts';
import { readForm } from '../http/form.ts';
import { sameSecret } from '../sources/signature.ts';
import { SESSION_MS, type Sessions } from '../store/sessions.ts';
import { html, localPath } from './html.ts';
import type { OidcParts } from './oidc-parts.ts';
import { FORM_TOKEN, type Viewer } from './parts/action-form.tsx';
import { page } from './parts/layout.tsx';

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

/** The CSRF token in the forms of a session: no other site can know it, even where a browser sends our cookie. */
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

/** Lets readers pass; redirects everybody else to the login page, and back from there. */
export const requireReader: RequestHandler = (request, response, next) => {
  if (viewerOf(request)) return next();
  if (request.headers.authorization)
    return refuse(response.status(401), { message: 'The Authorization header holds no token that opens the pages.' });
  const to = localPath(request.originalUrl) ?? '/';
  // A strict cookie is not sent with a link from a chat or a pager. When the page is loaded once more from our own
  // page, it is.
  if (request.headers['sec-fetch-site'] === 'cross-site' && request.method === 'GET') {
    return void response.send(page({ title: 'One moment', goTo: to, body: html`<p><a href="${to}">Continue</a></p>` }));
  }
  // The target of a form is no page to come back to; the page that contained the form is.
  const back = request.method === 'GET' || !to.startsWith('/actions') ? to : '/';
  response.redirect(303, `/login?next=${encodeURIComponent(back)}`);
};

/** Reads a form, and lets it pass when it belongs to the sender's own session (CSRF protection). */
export const requireForm: readonly RequestHandler[] = [readForm, checkForm];

function checkForm(request: Request, response: Response, next: () => void): void {
  if (request.method === 'GET') {
    next(); // changes nothing
    return;
  }
  const who = viewerOf(request);
  if (!who) {
    refuse(response.status(403), { message: 'You are not logged in any more. Load the page again and log in.' });
    return;
  }
  const sent = z.object({ [FORM_TOKEN]: z.string() }).safeParse(request.body ?? {});
  const isOurs =
    who.formToken === undefined || (sent.success && sameSecret(sent.data[FORM_TOKEN] ?? '', who.formToken));
  if (isOurs) next();
  else
    refuse(response.status(403), {
      message:
        'This form is not of your present session: you logged in anew, or another site sent it. Load the ' +
        'page again and repeat it.',
      who,
    });
}

/** Only an admin may act, and only by a form of ours. */
export const requireAdmin: readonly RequestHandler[] = [
  (request, response, next) => {
    const who = viewerOf(request);
    if (who?.role === 'admin') return next();
    refuse(response.status(403), {
      message: 'Viewers look and change nothing, and see no secrets. Log in as an admin to do this.',
      who,
    });
  },
  ...requireForm,
];

function refuse(response: Response, { message, who }: { message: string; who?: Viewer | undefined }): void {
  const body = html`<h1>Not allowed</h1><p class="empty">${message}</p>`;
  response.send(page({ title: 'Not allowed', body, ...(who && { at: '', who }) }));
}

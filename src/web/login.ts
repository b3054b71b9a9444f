import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { readForm } from '../http/form.ts';
import { networkOf, type RefusalLimit } from '../http/refusals.ts';
import { requireForm } from './csrf.ts';
import { requireAdmin } from './guards.ts';
import { localPath } from './html.ts';
import { createOidcRoutes } from './oidc-login.tsx';
import { loggedOutPage, loginPage } from './pages/login.tsx';
import { page } from './parts/layout.tsx';
import {
  COOKIE_AGE,
  cookieName,
  cookieOptions,
  openSession,
  opensByToken,
  type SessionParts,
  sessionsIn,
  setViewer,
  viewerOf,
} from './session.ts';

export interface LoginParts extends SessionParts {
  /** Counts wrong tokens by address. A right one is always accepted. */
  readonly guesses: RefusalLimit;
}

const Login = z.object({ token: z.string().catch(''), next: z.string().catch('/') });

/** Logging in and out, and ending all sessions. */
export function createLogin(parts: LoginParts): RequestHandler {
  const { access, sessions, guesses, oidc } = parts;
  const router = Router();
  if (oidc) router.use(createOidcRoutes({ ...oidc, sessions }));
  const sendLogin = (response: Response, next: string, complaint?: string) =>
    void response.send(page({ title: 'Log in', body: loginPage({ next, complaint, oidc: oidc?.login }) }));
  router.get('/login', (request, response) => {
    const { next } = Login.parse(request.query);
    if (viewerOf(request)) return response.redirect(303, localPath(next) ?? '/');
    sendLogin(response, next);
  });
  router.post('/login', readForm, async (request, response) => {
    const { token: given, next } = Login.parse(request.body ?? {});
    if (!opensByToken(parts)) return sendLogin(response.status(403), next);
    const token = access.find(given.trim());
    if (!token || !access.readers.includes(token)) {
      const address = networkOf(request.ip);
      const beyond = guesses.isBeyond(address);
      guesses.count(address);
      if (!beyond) return sendLogin(response.status(401), next, 'This token does not open the pages.');
      const seconds = guesses.retryAfter(address);
      response.status(429).set('retry-after', String(seconds));
      return sendLogin(response, next, 'Too many wrong tokens from this address; wait a minute.');
    }
    setViewer(request, token);
    const id = await openSession(sessions, token);
    response.cookie(cookieName(request), id, { ...cookieOptions(request), ...COOKIE_AGE });
    response.redirect(303, localPath(next) ?? '/');
  });
  router.post('/logout', ...requireForm, logOut(parts));
  router.post('/sessions/end', ...requireAdmin, async (request, response) => {
    await sessions.endAll();
    forgetCookie(request, response);
    response.redirect(303, '/login');
  });
  return router;
}

const forgetCookie = (request: Request, response: Response): void =>
  void response.clearCookie(cookieName(request), cookieOptions(request));

/** Here, and for a person who logged in with a provider, at the provider as well, if it has an address for it. */
function logOut({ sessions, oidc }: LoginParts): RequestHandler {
  return async (request, response) => {
    await Promise.all(sessionsIn(request).map((id) => sessions.end(id)));
    forgetCookie(request, response);
    const login = viewerOf(request)?.login === 'oidc' ? oidc?.login : undefined;
    const there = await login?.provider.logoutUrl();
    if (!login || there === undefined) {
      response.redirect(303, '/login');
      return;
    }
    // The page leads on by itself: the content security policy lets no form be redirected to another host.
    const body = loggedOutPage({ label: login.label, there });
    response.send(page({ title: 'Logged out', goTo: there, body }));
  };
}

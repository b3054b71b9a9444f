import { type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { readForm } from '../http/form.ts';
import { networkOf, type RefusalLimit } from '../http/refusals.ts';
import { exactly, html, localPath } from './html.ts';
import { page } from './parts/layout.tsx';
import {
  COOKIE_AGE,
  cookieName,
  cookieOptions,
  openSession,
  requireAdmin,
  requireForm,
  type SessionParts,
  sessionsIn,
  setViewer,
  viewerOf,
} from './session.ts';

export interface LoginParts extends SessionParts {
  /** Counts wrong tokens by address. A right one is never held back. */
  readonly guesses: RefusalLimit;
}

const Login = z.object({ token: z.string().catch(''), next: z.string().catch('/') });

/** Logging in and out, and ending every session at once. */
export function createLogin({ access, sessions, guesses }: LoginParts): RequestHandler {
  const router = Router();
  router.get('/login', (request, response) => {
    const { next } = Login.parse(request.query);
    if (viewerOf(request)) return response.redirect(303, localPath(next) ?? '/');
    sendLogin(response, next);
  });
  router.post('/login', readForm, async (request, response) => {
    const { token: given, next } = Login.parse(request.body ?? {});
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
  const leave: RequestHandler = (request, response) => {
    response.clearCookie(cookieName(request), cookieOptions(request));
    response.redirect(303, '/login');
  };
  router.post('/logout', ...requireForm, async (request, response, next) => {
    await Promise.all(sessionsIn(request).map((id) => sessions.end(id)));
    leave(request, response, next);
  });
  router.post('/sessions/end', ...requireAdmin, async (request, response, next) => {
    await sessions.endAll();
    leave(request, response, next);
  });
  return router;
}

function sendLogin(response: Response, next: string, complaint?: string): void {
  const to = localPath(next) ?? '/';
  const body = html`<form class="login" method="post" action="/login">
<h1>Shiplog</h1>
<p class="mute">Log in to see what changed.</p>
${complaint && html`<p class="complaint" role="alert">${complaint}</p>`}
<input type="hidden" name="next" value="${exactly(to)}">
<input type="text" name="username" value="shiplog" autocomplete="username" hidden>
<label for="token">Token</label>
<input id="token" type="password" name="token" autocomplete="current-password" required autofocus>
<button>Log in</button>
<p class="mute">The admin token is shown by <code>npx shiplog secrets</code> on the machine that Shiplog runs on.
  A viewer token shows the pages and changes nothing.</p>
</form>`;
  response.send(page({ title: 'Log in', body }));
}

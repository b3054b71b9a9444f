import { createHmac } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import rateLimit from 'express-rate-limit';
import { z } from 'zod';
import { isAllowed, SESSION_COOKIE } from '../http/access.ts';
import { bearerToken, isOneOf, sameSecret } from '../sources/signature.ts';
import { exactly, html, localPath } from './html.ts';
import { page } from './layout.ts';

const SESSION_MS = 30 * 86_400_000; // long: the one who is paged at night must not look for a token
/** Wrong tokens from one address in a minute. */
const WRONG_TOKENS = 20;

/** `<expiry, epoch ms>.<hmac>`: nothing to store, nothing to steal but the session, and a new admin token ends them all. */
export const createSession = (adminToken: string, now: Date): string =>
  signed(String(now.getTime() + SESSION_MS), adminToken);

const signed = (expiry: string, adminToken: string) =>
  `${expiry}.${createHmac('sha256', adminToken).update(`shiplog session until ${expiry}`).digest('hex')}`;

export function isSession(value: string, adminToken: string, now: Date): boolean {
  const expiry = /^(\d{1,16})\.[0-9a-f]{64}$/.exec(value)?.[1];
  return expiry !== undefined && sameSecret(value, signed(expiry, adminToken)) && Number(expiry) > now.getTime();
}

/** By session, or by the admin token itself in the Authorization header. */
export function isAdmin(request: Request, adminToken: string): boolean {
  const cookies = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const sessions = cookies.filter(([name]) => name === SESSION_COOKIE).map(([, value = '']) => value);
  return (
    sessions.some((value) => isSession(value, adminToken, new Date())) ||
    isOneOf(bearerToken(request.headers.authorization), [adminToken])
  );
}

/** Lets readers pass; everybody else is led to the login page and from there back. */
export function requireReader(tokens: readonly string[], adminToken: string): RequestHandler {
  return (request, response, next) => {
    if (isAdmin(request, adminToken) || isAllowed(request, tokens)) return next();
    if (request.headers.authorization)
      return void response.status(401).send(
        page({
          title: 'Not allowed',
          body: html`<h1>Not allowed</h1><p>The Authorization header holds no token of this bridge.</p>`,
        }),
      );
    const to = localPath(request.originalUrl) ?? '/';
    // A strict cookie is not sent with a link from a chat or a pager. Loaded once more from our own page, it is.
    if (request.headers['sec-fetch-site'] === 'cross-site' && request.method === 'GET') {
      return void response.send(
        page({ title: 'One moment', goTo: to, body: html`<p><a href="${to}">Continue</a></p>` }),
      );
    }
    response.redirect(303, `/login?next=${encodeURIComponent(to)}`);
  };
}

const Login = z.object({ token: z.string().catch(''), next: z.string().catch('/') });

export function createLogin(adminToken: string): RequestHandler {
  const router = Router();
  const limit = rateLimit({
    windowMs: 60_000,
    limit: WRONG_TOKENS,
    skipSuccessfulRequests: true,
    standardHeaders: true,
    legacyHeaders: false,
    message: 'too many wrong tokens; come again in a minute',
  });
  router.get('/login', (request, response) => {
    const { next } = Login.parse(request.query);
    if (isAdmin(request, adminToken)) return response.redirect(303, localPath(next) ?? '/');
    sendForm(response, next);
  });
  router.post('/login', limit, express.urlencoded({ extended: false, limit: '8kb' }), (request, response) => {
    const { token, next } = Login.parse(request.body ?? {});
    if (!isOneOf(token.trim(), [adminToken]))
      return sendForm(response.status(401), next, 'This is not the admin token.');
    response.cookie(SESSION_COOKIE, createSession(adminToken, new Date()), {
      httpOnly: true,
      sameSite: 'strict',
      secure: request.secure,
      path: '/',
      maxAge: SESSION_MS,
    });
    response.redirect(303, localPath(next) ?? '/');
  });
  router.post('/logout', (request, response) => {
    response.clearCookie(SESSION_COOKIE, { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/' });
    response.redirect(303, '/login');
  });
  return router;
}

function sendForm(response: Response, next: string, complaint?: string): void {
  const to = localPath(next) ?? '/';
  const body = html`<form class="login" method="post" action="/login">
<h1>Shiplog</h1>
<p class="mute">Log in to see what changed.</p>
${complaint && html`<p class="complaint" role="alert">${complaint}</p>`}
<input type="hidden" name="next" value="${exactly(to)}">
<input type="text" name="username" value="shiplog" autocomplete="username" hidden>
<label for="token">Admin token</label>
<input id="token" type="password" name="token" autocomplete="current-password" required autofocus>
<button>Log in</button>
<p class="mute">It is shown by <code>npx shiplog secrets</code> on the machine that Shiplog runs on.</p>
</form>`;
  response.send(page({ title: 'Log in', body }));
}

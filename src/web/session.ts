import { createHmac } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import rateLimit from 'express-rate-limit';
import { z } from 'zod';
import { isAllowed, SESSION_COOKIE } from '../http/access.ts';
import { isOneOf, sameSecret } from '../sources/signature.ts';
import { exactly, html, localPath } from './html.ts';
import { FORM_TOKEN, type Who } from './parts/action-form.tsx';
import { page } from './parts/layout.tsx';

const SESSION_MS = 30 * 86_400_000; // long: the one who is paged at night must not look for a token
/** Wrong tokens from one address in a minute. */
const WRONG_TOKENS = 20;
const FORM_LIMIT = '8kb';

/** `<expiry, epoch ms>.<hmac>`: nothing to store, nothing to steal but the session, and a new token ends all that it opened. */
export const createSession = (token: string, now: Date): string => signed(String(now.getTime() + SESSION_MS), token);

const signed = (expiry: string, token: string) =>
  `${expiry}.${createHmac('sha256', token).update(`shiplog session until ${expiry}`).digest('hex')}`;

export function isSession(value: string, token: string, now: Date): boolean {
  const expiry = /^(\d{1,16})\.[0-9a-f]{64}$/.exec(value)?.[1];
  return expiry !== undefined && sameSecret(value, signed(expiry, token)) && Number(expiry) > now.getTime();
}

/** What the forms of a session carry: no other site can know it, even where a browser sends it our cookie. */
export const formTokenOf = (session: string, token: string): string =>
  createHmac('sha256', token).update(`shiplog forms of ${session}`).digest('hex');

export interface Tokens {
  readonly admin: string;
  /** Absent: nobody only looks. */
  readonly viewer?: string | undefined;
  /** Those who may read the API: by header alone they see what a viewer sees. */
  readonly readers: readonly string[];
}

/** By session, or by a token in the Authorization header. Undefined: a stranger. */
export function whoIs(request: Request, { admin, viewer, readers }: Tokens): Who | undefined {
  if (isAllowed(request, [admin])) return { role: 'admin' };
  const sessions = sessionsOf(request);
  const holders = [
    ['admin', admin],
    ['viewer', viewer],
  ] as const;
  for (const [role, token] of holders) {
    const session = token && sessions.find((value) => isSession(value, token, new Date()));
    if (session) return { role, formToken: formTokenOf(session, token) };
  }
  return isAllowed(request, readers) ? { role: 'viewer' } : undefined;
}

function sessionsOf({ headers }: Request): string[] {
  const cookies = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return cookies.filter(([name]) => name === SESSION_COOKIE).map(([, value = '']) => value);
}

/** Lets readers pass; everybody else is led to the login page and from there back. */
export function requireReader(tokens: Tokens): RequestHandler {
  return (request, response, next) => {
    if (whoIs(request, tokens)) return next();
    if (request.headers.authorization)
      return refuse(response.status(401), { words: 'The Authorization header holds no token of this bridge.' });
    const to = localPath(request.originalUrl) ?? '/';
    // A strict cookie is not sent with a link from a chat or a pager. Loaded once more from our own page, it is.
    if (request.headers['sec-fetch-site'] === 'cross-site' && request.method === 'GET') {
      return void response.send(
        page({ title: 'One moment', goTo: to, body: html`<p><a href="${to}">Continue</a></p>` }),
      );
    }
    // What a form was sent to is no page to come back to; the page that it stood on is.
    const back = request.method === 'GET' || !to.startsWith('/actions') ? to : '/';
    response.redirect(303, `/login?next=${encodeURIComponent(back)}`);
  };
}

/** Reads a form, and lets it pass when it is one of ours, sent by whoever is logged in. */
function requireForm(tokens: Tokens): RequestHandler[] {
  return [express.urlencoded({ extended: false, limit: FORM_LIMIT }), checkForm(tokens)];
}

function checkForm(tokens: Tokens): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET') return next(); // changes nothing
    const who = whoIs(request, tokens);
    const sent = z.object({ [FORM_TOKEN]: z.string() }).safeParse(request.body ?? {});
    const ours =
      who?.formToken === undefined || (sent.success && sameSecret(sent.data[FORM_TOKEN] ?? '', who.formToken));
    if (ours) return next();
    refuse(response.status(403), {
      words:
        'This form is not of your present session: you logged in anew, or another site sent it. Load the page again and repeat it.',
      who,
    });
  };
}

/** Only an admin acts, and only by a form of ours. */
export function requireAdmin(tokens: Tokens): RequestHandler[] {
  const guard: RequestHandler = (request, response, next) => {
    const who = whoIs(request, tokens);
    if (who?.role === 'admin') return next();
    refuse(response.status(403), {
      words: 'Viewers look and change nothing, and see no secrets. Log in with the admin token to do this.',
      who,
    });
  };
  return [guard, ...requireForm(tokens)];
}

function refuse(response: Response, { words, who }: { words: string; who?: Who | undefined }): void {
  const body = html`<h1>Not allowed</h1><p class="empty">${words}</p>`;
  response.send(page({ title: 'Not allowed', body, ...(who && { at: '', who }) }));
}

const Login = z.object({ token: z.string().catch(''), next: z.string().catch('/') });

export function createLogin(tokens: Tokens): RequestHandler {
  const router = Router();
  const limit = rateLimit({
    windowMs: 60_000,
    limit: WRONG_TOKENS,
    skipSuccessfulRequests: true,
    standardHeaders: true,
    legacyHeaders: false,
    validate: false, // it would write past the log
    message: 'too many wrong tokens; come again in a minute',
  });
  router.get('/login', (request, response) => {
    const { next } = Login.parse(request.query);
    if (whoIs(request, tokens)) return response.redirect(303, localPath(next) ?? '/');
    sendLogin(response, next);
  });
  router.post('/login', limit, express.urlencoded({ extended: false, limit: FORM_LIMIT }), (request, response) => {
    const { token, next } = Login.parse(request.body ?? {});
    const known = [tokens.admin, tokens.viewer].find((one) => one !== undefined && isOneOf(token.trim(), [one]));
    if (known === undefined) return sendLogin(response.status(401), next, 'This token does not open the pages.');
    response.cookie(SESSION_COOKIE, createSession(known, new Date()), {
      httpOnly: true,
      sameSite: 'strict',
      secure: request.secure,
      path: '/',
      maxAge: SESSION_MS,
    });
    response.redirect(303, localPath(next) ?? '/');
  });
  router.post('/logout', ...requireForm(tokens), (request, response) => {
    response.clearCookie(SESSION_COOKIE, { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/' });
    response.redirect(303, '/login');
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
<p class="mute">The admin token is shown by <code>npx shiplog secrets</code> on the machine that Shiplog runs on. A viewer token shows the pages and changes nothing.</p>
</form>`;
  response.send(page({ title: 'Log in', body }));
}

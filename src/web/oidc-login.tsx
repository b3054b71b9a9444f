import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { LOGIN_CALLBACK, LoginFailed, type LoginFailure } from '../domain/login.ts';
import { networkOf } from '../http/refusals.ts';
import type { LoginFlow } from '../outbound/openid.ts';
import type { Sessions } from '../store/sessions.ts';
import { type Html, localPath } from './html.ts';
import type { OidcParts } from './oidc-parts.ts';
import { Failed, NotAdmitted, TooMany } from './pages/login-failed.tsx';
import { page } from './parts/layout.tsx';
import { personOf } from './person.ts';
import type { Admitted } from './person-session.ts';
import { cookieName, cookieOptions, cookiesOf, newSessionId } from './session.ts';

/** At the provider somebody may have to look for a second factor. */
const FLOW_MS = 15 * 60_000;
const SECURE_COOKIE = '__Host-shiplog_login';
const PLAIN_COOKIE = 'shiplog_login';

const Flow = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  until: z.number(),
});
type Flow = LoginFlow & { readonly next: string; readonly until: number };

interface Parts extends OidcParts {
  readonly sessions: Sessions;
}

/** To the provider and back. A strict cookie is not sent on the way back, so that the flow has a cookie of its own. */
export function createOidcRoutes(parts: Parts): RequestHandler {
  const router = Router();
  router.get('/login/oidc', async (request, response) => {
    const next = nextOf(request);
    try {
      const { url, flow } = await parts.login.provider.begin(parts.publicUrl + LOGIN_CALLBACK);
      const kept: Flow = { ...flow, next, until: parts.clock().getTime() + FLOW_MS };
      const sealed = parts.people.seal(JSON.stringify(kept));
      response.cookie(flowCookie(request), sealed, { ...flowOptions(request), maxAge: FLOW_MS });
      response.redirect(303, url);
    } catch (error) {
      sendFailure(request, response, { parts, error });
    }
  });
  router.get(LOGIN_CALLBACK, async (request, response) => {
    if (isHeldBack(request, response, parts)) return;
    const flow = flowOf(request, parts);
    response.clearCookie(flowCookie(request), flowOptions(request)); // used once, whatever the result
    try {
      const person = personOf(await comeBack(request, parts, flow), parts.login);
      const { name, role } = person;
      if (role === undefined) {
        parts.onLogin({ outcome: 'not admitted', by: name });
        return send(response.status(403), 'Not admitted', <NotAdmitted name={name} label={parts.login.label} />);
      }
      await open(request, response, { parts, person: { name, role }, next: flow?.next ?? '/' });
    } catch (error) {
      sendFailure(request, response, { parts, error });
    }
  });
  return router;
}

/** Browsers keep no cookie of more than 4 KB: a longer address would make the login fail. */
const NEXT_CHARS = 1_500;

function nextOf({ query }: Request): string {
  const next = localPath(String(query['next'] ?? '/')) ?? '/';
  return next.length > NEXT_CHARS ? '/' : next;
}

/** @throws LoginFailed */
function comeBack(request: Request, { login, publicUrl }: Parts, flow: Flow | undefined) {
  if (flow === undefined || request.query['state'] !== flow.state)
    throw new LoginFailed('refused', 'it was not begun in this browser, or it took too long, or it was begun twice');
  const callback = new URL(publicUrl + LOGIN_CALLBACK);
  callback.search = new URL(request.originalUrl, 'http://shiplog.invalid').search;
  return login.provider.finish(callback, flow);
}

interface Opening {
  readonly parts: Parts;
  readonly person: Admitted;
  readonly next: string;
}

/**
 * The page redirects by itself: an HTTP redirect would still count as a link from the provider's site, with which no
 * strict cookie is sent.
 */
async function open(request: Request, response: Response, { parts, person, next }: Opening): Promise<void> {
  const { people, sessions, onLogin } = parts;
  const id = newSessionId();
  await sessions.open(id, people.write(id, person), people.lifetimeMs);
  onLogin({ outcome: 'opened', by: person.name, role: person.role });
  response.cookie(cookieName(request), id, { ...cookieOptions(request), maxAge: people.lifetimeMs });
  const body = (
    <p>
      <a href={next}>Continue</a>
    </p>
  );
  response.send(page({ title: 'Logged in', goTo: next, body }));
}

const flowCookie = (request: Request): string => (request.secure ? SECURE_COOKIE : PLAIN_COOKIE);
const flowOptions = (request: Request) => ({ ...cookieOptions(request), sameSite: 'lax' }) as const;

function flowOf(request: Request, { people, clock }: Parts): Flow | undefined {
  for (const sealed of cookiesOf(request, flowCookie(request))) {
    const text = people.unseal(sealed);
    if (text === undefined) continue;
    const flow = Flow.parse(JSON.parse(text)); // we wrote it
    if (flow.until > clock().getTime()) return flow;
  }
  return undefined;
}

/** Valid logins are limited as well: only the provider can check one, and the requests to it must be limited. */
function isHeldBack(request: Request, response: Response, { failures }: Parts): boolean {
  const address = networkOf(request.ip);
  if (!failures.isBeyond(address)) return false;
  const seconds = failures.retryAfter(address);
  send(response.status(429).set('retry-after', String(seconds)), 'Wait a minute', <TooMany />);
  return true;
}

interface Failing {
  readonly parts: Parts;
  readonly error: unknown;
}

function sendFailure(request: Request, response: Response, { parts, error }: Failing): void {
  if (!(error instanceof LoginFailed)) throw error;
  const { failure, message, detail } = error;
  if (failure === 'refused') parts.failures.count(networkOf(request.ip));
  parts.onLogin({ outcome: failure, why: detail === undefined ? message : `${message}: ${detail}` });
  const status = STATUSES[failure];
  send(response.status(status), 'Not logged in', <Failed failure={failure} why={message} login={parts.login} />);
}

const STATUSES: Readonly<Record<LoginFailure, number>> = {
  unreachable: 503,
  misconfigured: 502,
  denied: 403,
  refused: 400,
};

const send = (response: Response, title: string, body: Html): void => void response.send(page({ title, body }));

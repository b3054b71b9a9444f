import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { exportChanges } from '../http/export.ts';
import { sendPerformance } from '../http/performance.ts';
import { createActionRoutes } from './actions-routes.tsx';
import { ICON, SCRIPT, SETUP_SCRIPT, STYLE } from './assets.ts';
import { readChangesQuery, selectionOf } from './changes-query.ts';
import { requireAdmin, requireReader } from './guards.ts';
import type { Html } from './html.ts';
import { createLogin } from './login.ts';
import type { PageParts } from './page-parts.ts';
import { alertPage } from './pages/alert.tsx';
import { alertsPage } from './pages/alerts.tsx';
import { changesPage } from './pages/changes.tsx';
import { deliveriesPage } from './pages/deliveries.tsx';
import { deploymentPage } from './pages/deployment.tsx';
import { inboxPage } from './pages/inbox.tsx';
import { Message } from './pages/message.tsx';
import { performancePage } from './pages/performance.tsx';
import { runningPage } from './pages/running.tsx';
import { setupPage } from './pages/setup.tsx';
import { webhookPage } from './pages/webhook.tsx';
import type { Viewer } from './parts/action-form.tsx';
import { page } from './parts/layout.tsx';
import { SpooledNote } from './parts/spooled-note.tsx';
import { searchedPage } from './searched-page.ts';
import { endWithSession, rememberWho, viewerOf } from './session.ts';
import { createSetupRoutes, setupView } from './setup-routes.ts';
import { createSuggest, type Suggestions } from './suggestions.ts';
import { type Trouble, troubleOf } from './trouble.ts';
import { unreadParameters } from './unread-parameters.ts';

/**
 * Stricter than helmet's: no inline style or script, no other host. Not `upgrade-insecure-requests`, which would load
 * the style sheet by https where the bridge is reached by plain http.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action " +
  "'self'; base-uri 'none'; frame-ancestors 'none'";
const ASSET_SECONDS = 31_536_000;

/** What every route needs beside its parts. */
/**
 * Somebody gave a tool the address of a page, such as the one where they copied the secret: the answer and the inbox
 * say that no source is there. Browsers send forms, and scripts that act send a token.
 */
const leaveWebhooks: RequestHandler = (request, _response, next) => {
  const { method, headers } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  const isKnown = headers.cookie !== undefined || headers.authorization !== undefined;
  const isForm = headers['content-type'] === undefined || request.is(['urlencoded', 'multipart']);
  if (isRead || isKnown || isForm) next();
  else next('router');
};

interface RouteParts extends PageParts {
  readonly suggest: () => Promise<Suggestions>;
  readonly whoOf: (request: Request) => Viewer;
  /** Lets admins pass, with a form of ours. */
  readonly guard: readonly RequestHandler[];
}

/** The addresses of pages, besides the first, with all below them. */
const READ_BY_READERS = [
  '/alerts',
  '/deployments',
  '/running',
  '/deliveries',
  '/inbox',
  '/performance',
  '/performance.csv',
  '/performance.json',
  '/changes.csv',
  '/changes.ndjson',
  '/setup',
];

/** The pages that people look at. */
export function createPages(parts: PageParts): RequestHandler {
  // Only logged-in users come this far; `viewer` is the role with the fewest rights.
  const whoOf = (request: Request): Viewer => viewerOf(request) ?? { role: 'viewer' };
  const routeParts: RouteParts = { ...parts, suggest: createSuggest(parts.deployments), whoOf, guard: requireAdmin };
  const router = Router();
  router.use((_request, response, next) => {
    response.set('content-security-policy', CONTENT_SECURITY_POLICY);
    response.set('cache-control', 'no-store');
    next();
  });
  for (const { name, text } of [STYLE, ICON, SCRIPT, SETUP_SCRIPT]) {
    router.get(`/assets/${name}`, (_request, response) => {
      response.set('cache-control', `public, max-age=${ASSET_SECONDS}, immutable`).type(name).send(text);
    });
  }
  router.use([...READ_BY_READERS, '/login'], leaveWebhooks);
  router.use(rememberWho(parts), createLogin(parts));
  router.use([...READ_BY_READERS, '/actions'], requireReader);
  router.get('/', requireReader, (request, response) => sendChanges(routeParts, request, response));
  router.get('/events', requireReader, endWithSession(parts), parts.live.handle);
  addReading(router, routeParts);
  addExports(router, routeParts);
  addInbox(router, routeParts);
  router.use(createSetupRoutes(routeParts));
  router.use(createActionRoutes(routeParts), sendUnknownPage(routeParts));
  router.use(sendRedisUnavailable(routeParts));
  return router;
}

async function sendChanges(routeParts: RouteParts, request: Request, response: Response): Promise<void> {
  const searched = await searchedPage(routeParts, request.query['text']);
  if (searched !== undefined) return response.redirect(303, searched);
  const now = new Date();
  const who = routeParts.whoOf(request);
  const { body, empty, isMisread } = await changesPage(routeParts, request.query, now);
  const welcome = empty && (
    <div id="welcome" data-live="/events">
      {await setupPage({ ...setupView(routeParts, request), at: '/', welcome: true })}
    </div>
  );
  if (isMisread) response.status(400);
  response.send(
    page({ title: 'Changes', at: '/', who, trouble: await troubleOf(routeParts, now), body: welcome || body }),
  );
}

/** Every page says who is logged in, and what is wrong at the moment. */
async function layoutOf(parts: RouteParts, request: Request, { title, at }: Pick<PageContent, 'title' | 'at'>) {
  return { title, at, who: parts.whoOf(request), trouble: await troubleOf(parts, new Date()) };
}

interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

/** 400 where the address has a parameter that the page does not know: the page is shown without it, and says so. */
async function sendPage(
  parts: RouteParts,
  { request, response }: Exchange,
  {
    title,
    at,
    body,
  }: { readonly title: string; readonly at: Parameters<typeof unreadParameters>[0]; readonly body: Html },
): Promise<void> {
  const notes = unreadParameters(at, request.query);
  if (notes.length > 0) response.status(400);
  response.send(page({ ...(await layoutOf(parts, request, { title, at })), notes, body }));
}

function addReading(router: Router, parts: RouteParts): void {
  router.get('/deployments/*key', async (request, response) => {
    const path: unknown = request.params.key; // express returns the parts between slashes, its types say text
    const name = Array.isArray(path) ? path.join('/') : String(path);
    const view = { name, asked: request.query, who: parts.whoOf(request), now: new Date() };
    const body = await deploymentPage(parts, view);
    sendOr404(
      response,
      { ...(await layoutOf(parts, request, { title: 'Deployment', at: '/' })), body },
      'There is no such deployment, or it is older than the change log keeps.',
    );
  });
  router.get('/alerts', async (request, response) => {
    const body = await alertsPage(parts, request.query, new Date());
    await sendPage(parts, { request, response }, { title: 'Alerts', at: '/alerts', body });
  });
  router.get('/alerts/:id', async (request, response) => {
    const body = await alertPage(parts, request.params.id, new Date());
    const missing = 'There is no such alert, or it is older than alerts are kept.';
    sendOr404(response, { ...(await layoutOf(parts, request, { title: 'Alert', at: '/alerts' })), body }, missing);
  });
  router.get('/running', async (request, response) => {
    const body = await runningPage(parts, request.query, new Date());
    await sendPage(parts, { request, response }, { title: 'What runs where', at: '/running', body });
  });
  router.get('/deliveries', async (request, response) => {
    const who = parts.whoOf(request);
    const body = await deliveriesPage(parts, { asked: request.query, who, now: new Date() });
    await sendPage(parts, { request, response }, { title: 'Deliveries', at: '/deliveries', body });
  });
  router.get('/performance', async (request, response) => {
    const body = await performancePage(parts, request.query, new Date());
    await sendPage(parts, { request, response }, { title: 'Performance', at: '/performance', body });
  });
}

/** The same as the API's exports, for users with a session. */
function addExports(router: Router, parts: RouteParts): void {
  router.get(['/performance.csv', '/performance.json'], (request, response) => {
    const format = request.path.endsWith('.csv') ? 'csv' : 'json';
    return sendPerformance(parts, { ...request.query, format }, response);
  });
  router.get(['/changes.csv', '/changes.ndjson'], async (request, response) => {
    const { problems: _, ...query } = readChangesQuery(request.query, new Date());
    const { selection } = await parts.deployments.resolve(selectionOf(query, new Date()));
    await exportChanges(
      parts.deployments,
      { selection, format: request.path.endsWith('.csv') ? 'csv' : 'ndjson' },
      response,
    );
  });
}

function addInbox(router: Router, parts: RouteParts): void {
  const sourceNames = parts.sources.map(({ name }) => name);
  router.get('/inbox', async (request, response) => {
    const body = await inboxPage({ ...parts, sourceNames }, request.query, new Date());
    await sendPage(parts, { request, response }, { title: 'Inbox', at: '/inbox', body });
  });
  router.get('/inbox/:id', async (request, response) => {
    const view = { id: request.params.id, asked: request.query, who: parts.whoOf(request), now: new Date() };
    const body = await webhookPage(parts, view);
    sendOr404(
      response,
      { ...(await layoutOf(parts, request, { title: 'Webhook', at: '/inbox' })), body },
      'There is no such webhook, or it is older than the inbox keeps.',
    );
  });
}

/** A person with a browser gets a page; scripts, and addresses of the API and of webhooks, get JSON. */
const sendUnknownPage =
  (parts: RouteParts): RequestHandler =>
  async (request, response, next) => {
    const isPage = request.method === 'GET' && !/^\/(?:api|webhooks?|assets)(?:\/|$)/i.test(request.path);
    if (!isPage || request.accepts(['json', 'html']) !== 'html') return next();
    const who = viewerOf(request);
    const body = (
      <Message title="Not found">
        There is no page at this address. <a href="/">Changes</a>
      </Message>
    );
    const menu = who && { at: '', who, trouble: await troubleOf(parts, new Date()) };
    response.status(404).send(page({ title: 'Not found', ...menu, body }));
  };

/** A sentence for a person instead of JSON. Webhooks in the spool are safe meanwhile. */
const sendRedisUnavailable =
  ({ isRedisAway, spool }: RouteParts): ErrorRequestHandler =>
  (error, request, response, next) => {
    if (response.headersSent || !isRedisAway(error)) return next(error);
    const who = viewerOf(request);
    const body = (
      <>
        <h1>Redis does not respond at the moment</h1>
        {who && <SpooledNote of={spool()} />}
        <p class="empty">
          Webhooks are accepted and stored on disk. These pages work again when Redis does; nothing needs to be done
          here. <a href={request.originalUrl}>Try again</a>
        </p>
      </>
    );
    response.status(503).send(page({ title: 'Redis is away', ...(who && { at: '', who }), body }));
  };

interface PageContent {
  readonly title: string;
  readonly at: string;
  readonly who: Viewer;
  readonly trouble: Trouble;
  readonly body: Html | undefined;
}

function sendOr404(response: Response, { body, ...found }: PageContent, missing: string): void {
  response
    .status(body ? 200 : 404)
    .send(page({ ...found, body: body ?? <Message title="Not found">{missing}</Message> }));
}

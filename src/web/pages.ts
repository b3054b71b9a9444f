import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Sink } from '../sinks/sink.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Ledger } from '../store/ledger.ts';
import { changesPage } from './changes-page.ts';
import { deploymentPage } from './deployment-page.ts';
import { type Html, html } from './html.ts';
import { inboxPage, webhookPage } from './inbox-page.ts';
import { page } from './layout.ts';
import { createLogin, isAdmin, requireReader } from './session.ts';
import { setupPage } from './setup-page.ts';
import { ICON, STYLE } from './style.ts';

export interface PageParts {
  /** The first is the admin token. */
  readonly tokens: readonly string[];
  readonly deployments: Deployments;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly sources: readonly Source[];
  readonly sinks: readonly Sink[];
}

/**
 * Stricter than helmet's: no inline style, no script at all, no other host. Nor `upgrade-insecure-requests`, which would
 * ask for the style sheet by https where the bridge is reached by plain http.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const ASSET_SECONDS = 31_536_000;

const PageNumber = z.coerce.number().int().min(1).max(100_000).catch(1);
const Show = z.object({ show: z.string() });

/** The pages a person looks at. */
export function createPages(parts: PageParts): RequestHandler {
  const [adminToken] = parts.tokens;
  if (!adminToken) throw new RangeError('the pages need the admin token');
  const router = Router();
  router.use((_request, response, next) => {
    response.set('content-security-policy', CONTENT_SECURITY_POLICY);
    response.set('cache-control', 'no-store');
    next();
  });
  router.get('/assets/shiplog.css', (_request, response) => sendAsset(response, 'css', STYLE));
  router.get('/assets/shiplog.svg', (_request, response) => sendAsset(response, 'svg', ICON));
  router.use(createLogin(adminToken));
  router.use(['/deployments', '/inbox', '/setup'], requireReader(parts.tokens, adminToken));
  router.get('/', requireReader(parts.tokens, adminToken), (request, response) =>
    sendChanges(parts, request, response),
  );
  addReading(router, parts);
  addSetup(router, parts, adminToken);
  return router;
}

function sendAsset(response: Response, type: string, text: string): void {
  response.set('cache-control', `public, max-age=${ASSET_SECONDS}, immutable`).type(type).send(text);
}

async function sendChanges(parts: PageParts, request: Request, response: Response): Promise<void> {
  const now = new Date();
  const { body, live, empty } = await changesPage(parts.deployments, request.query, now);
  const setup = empty && (await setupPage({ ...parts, base: baseOf(request), now, at: '/' }));
  const welcome =
    setup && html`<p>No deployment was recorded yet. Tell one of your tools where to send them:</p>${setup}`;
  response.send(page({ title: 'Changes', at: '/', live, body: welcome || body }));
}

function addReading(router: Router, { inbox, ...parts }: PageParts): void {
  router.get('/deployments/*key', async (request, response) => {
    const path: unknown = request.params.key; // express gives the parts between slashes, its types say text
    const body = await deploymentPage(
      { inbox, ...parts },
      Array.isArray(path) ? path.join('/') : String(path),
      new Date(),
    );
    sendOr404(
      response,
      { title: 'Deployment', at: '/', body },
      'There is no such deployment, or it is older than the change log keeps.',
    );
  });
  router.get('/inbox', async (request, response) => {
    const body = await inboxPage(inbox, PageNumber.parse(request.query['page']), new Date());
    response.send(page({ title: 'Inbox', at: '/inbox', body }));
  });
  router.get('/inbox/:id', async (request, response) => {
    const body = await webhookPage(inbox, request.params.id, new Date());
    sendOr404(
      response,
      { title: 'Webhook', at: '/inbox', body },
      'There is no such webhook, or it is older than the inbox keeps.',
    );
  });
}

function addSetup(router: Router, { sources, inbox }: PageParts, adminToken: string): void {
  const view = (request: Request) => ({ sources, inbox, base: baseOf(request), now: new Date(), at: '/setup' });
  router.get('/setup', async (request, response) => {
    response.send(page({ title: 'Set-up', at: '/setup', body: await setupPage(view(request)) }));
  });
  router.post('/setup', express.urlencoded({ extended: false, limit: '1kb' }), async (request, response) => {
    const asked = Show.safeParse(request.body);
    if (!isAdmin(request, adminToken)) {
      response.status(403).send(
        page({
          title: 'Not allowed',
          at: '/setup',
          body: html`<h1>Not allowed</h1><p>Only the admin token shows secrets.</p>`,
        }),
      );
      return;
    }
    response.send(
      page({
        title: 'Set-up',
        at: '/setup',
        body: await setupPage({ ...view(request), ...(asked.success && asked.data) }),
      }),
    );
  });
}

const baseOf = (request: Request): string => `${request.protocol}://${request.host ?? 'localhost'}`;

function sendOr404(
  response: Response,
  { title, at, body }: { title: string; at: string; body: Html | undefined },
  missing: string,
): void {
  response
    .status(body ? 200 : 404)
    .send(page({ title, at, body: body ?? html`<h1>Not found</h1><p class="empty">${missing}</p>` }));
}

import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { prefixOf } from '../http/base-path.ts';
import type { PageParts } from './page-parts.ts';
import { setupPage } from './pages/setup.tsx';
import type { Viewer } from './parts/action-form.tsx';
import { lastFragment } from './parts/last-webhook.tsx';
import { page } from './parts/layout.tsx';
import { troubleOf } from './trouble.ts';

export interface SetupRoutesParts extends PageParts {
  /** Lets admins pass, with a form of ours. */
  readonly guard: readonly RequestHandler[];
  readonly whoOf: (request: Request) => Viewer;
}

const Show = z.object({ show: z.string() });
const Test = z.object({ test: z.uuid() });

/** What the set-up page shows, here and as the welcome of an empty change log. */
export const setupView = (
  { sources, sinks, inbox, deployments, whoOf, publicUrl }: SetupRoutesParts,
  request: Request,
) => ({
  deployments,
  sources,
  sinkNames: sinks.map(({ name }) => name),
  inbox,
  base: publicUrl ?? baseOf(request),
  now: new Date(),
  who: whoOf(request),
  at: '/setup',
});

/** The pages under /setup. */
export function createSetupRoutes(routeParts: SetupRoutesParts): RequestHandler {
  const router = Router();
  const send = async (request: Request, response: Response, choices: { show?: string; test?: string }) => {
    const view = setupView(routeParts, request);
    const body = await setupPage({ ...view, ...choices });
    response.send(
      page({ title: 'Set-up', at: '/setup', who: view.who, trouble: await troubleOf(routeParts, view.now), body }),
    );
  };
  router.get('/setup', (request, response) => send(request, response, Test.safeParse(request.query).data ?? {}));
  router.get('/setup/last', async (_request, response) => {
    response.send(await lastFragment(routeParts, new Date()));
  });
  router.post('/setup', ...routeParts.guard, (request, response) =>
    send(request, response, Show.safeParse(request.body).data ?? {}),
  );
  return router;
}

/** A host name that no browser could have sent is not repeated in commands that somebody pastes into a shell. */
function baseOf(request: Request): string {
  const host = request.host ?? '';
  const name = /^[\w.:[\]-]+$/.test(host) ? host : 'shiplog.example.com';
  return `${request.protocol}://${name}${prefixOf(request)}`;
}

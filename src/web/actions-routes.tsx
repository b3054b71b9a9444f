import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { toDeadLetterFilter } from '../domain/dead-letter-filter.ts';
import type { Actions } from './actions.ts';
import { DeadLetterOrder, DeadLetterQuery } from './dead-letter-query.ts';
import { localPath } from './html.ts';
import type { DeliveriesParts } from './pages/deliveries.tsx';
import { dropPage } from './pages/drop-dead-letters.tsx';
import { Message } from './pages/message.tsx';
import type { Viewer } from './parts/action-form.tsx';
import { type Done, withDone } from './parts/done.tsx';
import { page } from './parts/layout.tsx';
import { type TroubleParts, troubleOf } from './trouble.ts';

export interface ActionRoutesParts extends DeliveriesParts, TroubleParts {
  readonly actions: Actions;
  /** Lets admins pass, with a form of ours. */
  readonly guard: readonly RequestHandler[];
  readonly whoOf: (request: Request) => Viewer;
}

const Back = z.object({ back: z.string().max(4_000).catch('/') });

/** The targets of the buttons. Each does one thing and redirects to a page that says what was done. */
export function createActionRoutes({ actions, guard, whoOf, ...parts }: ActionRoutesParts): RequestHandler {
  const router = Router();
  router.use('/actions', ...guard);
  router.get('/actions/drop', async (request, response) => {
    const query = DeadLetterQuery.safeParse(request.query);
    if (!query.success) return sendUnreadable(response, whoOf(request));
    const body = await dropPage(parts, { query: query.data, who: whoOf(request), now: new Date() });
    const trouble = await troubleOf(parts, new Date());
    response.send(page({ title: 'Drop dead letters', at: '/deliveries', who: whoOf(request), trouble, body }));
  });
  const post = <Fields extends z.ZodType>(
    path: string,
    fields: Fields,
    act: (sent: z.output<Fields>) => Promise<Done>,
  ) => {
    router.post(path, async (request, response) => {
      const sent = fields.safeParse(request.body);
      if (!sent.success) return sendUnreadable(response, whoOf(request));
      const done = await act(sent.data);
      response.redirect(303, withDone(backOf(request), done));
    });
  };
  post('/actions/replay', DeadLetterOrder, async ({ remap, ...query }) => ({
    did: 'replayed',
    count: await actions.replay(toDeadLetterFilter(query, new Date()), { remap: remap !== undefined }),
  }));
  post('/actions/drop', DeadLetterOrder, async (query) => ({
    did: 'dropped',
    count: await actions.drop(toDeadLetterFilter(query, new Date())),
  }));
  post('/actions/map-webhook', z.object({ webhook: z.string() }), async ({ webhook }) => ({
    did: 'mapped',
    count: (await actions.mapWebhook(webhook)) > 0 ? 1 : 0,
  }));
  post('/actions/map-deployment', z.object({ deployment: z.string() }), async ({ deployment }) => ({
    did: 'mapped',
    count: await actions.mapDeployment(deployment),
  }));
  router.post('/actions/test-event', async (request, response) => {
    const sent = z.object({ source: z.string() }).safeParse(request.body);
    const test = sent.success ? await actions.sendSample(sent.data.source) : undefined;
    if (!test) return sendUnreadable(response, whoOf(request));
    const { hash } = new URL(backOf(request), 'http://shiplog.invalid');
    response.redirect(303, `/setup?test=${encodeURIComponent(test.webhook)}${hash}`);
  });
  return router;
}

/** Never to another host, whatever a form says. */
const backOf = (request: Request): string => localPath(Back.parse(request.body ?? {}).back) ?? '/';

function sendUnreadable(response: Response, who: Viewer): void {
  const body = (
    <Message title="Not done">
      The form cannot be read, so nothing was done. <a href="/deliveries">Deliveries</a>
    </Message>
  );
  response.status(400).send(page({ title: 'Not done', at: '/deliveries', who, body }));
}

import express, { type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { ChangeEvent } from '../domain/change-event.ts';
import type { Reconcile } from '../recording/reconcile.ts';
import type { Redeliver } from '../recording/redeliver.ts';
import type { Remap } from '../recording/remap.ts';
import type { Sessions } from '../store/sessions.ts';
import { ZonedTime } from '../values/time.ts';
import { type Access, requireScope } from './access.ts';
import { fail, firstIssue } from './error-response.ts';

export interface AdminParts {
  readonly access: Access;
  readonly sessions: Pick<Sessions, 'endAll'>;
  readonly reconcile: Reconcile;
  readonly preview: RequestHandler;
  readonly deadLetters: RequestHandler;
  readonly remap: Remap;
  /** How often each rule matched. */
  readonly rules: () => Promise<readonly { readonly name: string; readonly matched: number }[]>;
  readonly keep: (event: ChangeEvent) => Promise<void>;
  readonly redeliver: Redeliver;
}

export const ReconcileOrder = z.strictObject({
  source: z.string('name the source'),
  since: ZonedTime,
});

export const RedeliverOrder = z.strictObject({
  sink: z.string('name the sink'),
  since: ZonedTime,
  dry_run: z.boolean().default(false),
});

/** Operations that change something, or cost requests to the tools' APIs: for the admin token only. */
export function createAdmin({
  access,
  sessions,
  reconcile,
  preview,
  deadLetters,
  remap,
  keep,
  redeliver,
  rules,
}: AdminParts): RequestHandler {
  const router = Router();
  const guard = requireScope(access, 'admin');
  router.post('/api/reconcile', guard, express.json(), (request, response) =>
    runReconcile(reconcile, request.body, response),
  );
  router.post('/api/redeliver', guard, express.json(), (request, response) =>
    runRedeliver(redeliver, request.body, response),
  );
  router.post('/api/preview/:source', guard, preview);
  router.get('/api/rules', guard, async (_request, response) => {
    response.json({ data: await rules() });
  });
  router.post('/api/sessions/end', guard, async (_request, response) => {
    response.json({ data: { ended: await sessions.endAll() } });
  });
  router.use('/api/dead-letters', guard, deadLetters);
  router.post('/api/inbox/:id/replay', guard, async (request, response) => {
    const event = await remap(String(request.params['id']));
    if (!event)
      return fail(response, {
        status: 409,
        type: 'conflict',
        message: 'Nothing to record: the body is no longer stored, or the webhook would be ignored again.',
      });
    await keep(event);
    response.status(202).json({ data: { webhook: event.webhookId, records: event.records.length } });
  });
  return router;
}

async function runRedeliver(redeliver: Redeliver, body: unknown, response: Response): Promise<void> {
  const order = RedeliverOrder.safeParse(body);
  if (!order.success)
    return fail(response, { status: 400, type: 'validation_error', message: firstIssue(order.error) });
  const { sink, since, dry_run: dryRun } = order.data;
  const done = await redeliver({ sink, since: new Date(since), dryRun });
  if (!done) return fail(response, { status: 404, type: 'not_found', message: `There is no sink named "${sink}".` });
  response.json({ data: done });
}

async function runReconcile(reconcile: Reconcile, body: unknown, response: Response): Promise<void> {
  const order = ReconcileOrder.safeParse(body);
  if (!order.success)
    return fail(response, { status: 400, type: 'validation_error', message: firstIssue(order.error) });
  response.json({ data: await reconcile(order.data.source, new Date(order.data.since)) });
}

import express, { type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { DeadLetterFields, isFiltered, NARROWING, toDeadLetterFilter } from '../domain/dead-letter-filter.ts';
import type { DeadLetters } from '../queue/dead-letters.ts';
import type { Remap, Revise } from '../recording/remap.ts';
import { fail, firstIssue, readQuery } from './error-response.ts';

export interface DeadLetterParts {
  readonly deadLetters: DeadLetters;
  readonly remap: Remap;
  readonly revise: Revise;
  readonly clock: () => Date;
}

const Limit = z.coerce.number().int().min(1).max(1000);
export const DeadLetterQuery = DeadLetterFields.extend({ limit: Limit.default(100) });
export const DeadLetterOrder = DeadLetterFields.extend({
  /** Selecting all of them must be explicit: a filter that was forgotten must not drop all dead letters. */
  all: z.boolean().default(false),
  limit: Limit.default(500),
  dry_run: z.boolean().default(false),
  remap: z.boolean().default(false),
});
type Order = z.infer<typeof DeadLetterOrder>;

/** Listing, replaying and dropping dead letters: for the admin. */
export function createDeadLetterRoutes({ deadLetters, remap, revise, clock }: DeadLetterParts): RequestHandler {
  const router = Router();
  router.get('/', async (request, response) => {
    const query = readQuery(DeadLetterQuery, request.query);
    if ('message' in query) return refuse(response, query.message);
    const unknown = await unknownSink(query.data, deadLetters);
    if (unknown) return refuse(response, unknown);
    const { letters, total } = await deadLetters.list(toDeadLetterFilter(query.data, clock()), query.data.limit);
    response.json({ data: letters, meta: { total, limit: query.data.limit } });
  });
  router.post('/replay', express.json(), async (request, response) => {
    const order = await readOrder(request.body, response, deadLetters);
    if (!order) return;
    const filter = toDeadLetterFilter(order, clock());
    const { total } = await deadLetters.list(filter, 0);
    const { limit, dry_run } = order;
    const again = {
      limit,
      now: clock(),
      revise: (deployment: string) => revise(deployment, { fromBodies: order.remap }),
      ...(order.remap && { remap }),
    };
    const done = dry_run ? 0 : await deadLetters.replay(filter, again);
    response.json({ data: { matched: total, replayed: done, dry_run } });
  });
  router.post('/drop', express.json(), async (request, response) => {
    const order = await readOrder(request.body, response, deadLetters);
    if (!order) return;
    const filter = toDeadLetterFilter(order, clock());
    const { total } = await deadLetters.list(filter, 0);
    const done = order.dry_run ? 0 : await deadLetters.drop(filter, order.limit);
    response.json({ data: { matched: total, dropped: done, dry_run: order.dry_run } });
  });
  return router;
}

async function readOrder(body: unknown, response: Response, deadLetters: DeadLetters): Promise<Order | undefined> {
  const order = DeadLetterOrder.safeParse(body ?? {});
  if (!order.success) return refuse(response, firstIssue(order.error, Object.keys(DeadLetterOrder.shape)));
  if (!order.data.all && !isFiltered(order.data))
    return refuse(response, `select dead letters with ${NARROWING.join(', ')}, or all: true`);
  const unknown = await unknownSink(order.data, deadLetters);
  return unknown ? refuse(response, unknown) : order.data;
}

/** A misspelt name would look as if nothing were left to do. */
async function unknownSink({ sink }: DeadLetterFields, deadLetters: DeadLetters): Promise<string | undefined> {
  const names = sink === undefined ? [] : await deadLetters.sinks();
  return sink === undefined || names.includes(sink)
    ? undefined
    : `there is no sink "${sink}". Configured: ${names.join(', ')}`;
}

function refuse(response: Response, message: string): undefined {
  fail(response, { status: 400, type: 'validation_error', message });
}

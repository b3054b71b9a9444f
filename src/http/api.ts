import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Sink } from '../sinks/sink.ts';
import { wordsFor } from '../sources/reasons.ts';
import type { Deployments } from '../store/deployments.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Ledger } from '../store/ledger.ts';
import { isAllowed } from './access.ts';
import { toChange } from './change.ts';
import { fail, firstIssue } from './envelope.ts';

export interface ApiParts {
  readonly tokens: readonly string[];
  readonly deployments: Deployments;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
}

const Page = {
  limit: z.coerce.number().int().min(1).max(100, 'the largest page is 100').default(25),
  offset: z.coerce.number().int().min(0).default(0),
};
const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: 'write a time such as 2026-03-14T20:00:00Z',
});
const Text = z.string().min(1).optional();
const ChangesQuery = z.object({
  ...Page,
  environment: Text,
  service: Text,
  service_id: Text,
  source: Text,
  status: Text,
  branch: Text,
  since: Time.optional(),
  until: Time.optional(),
});

/** Reading: the change log in Alert24's list envelope, one deployment with all that is known of it, and the inbound log. */
export function createApi(parts: ApiParts): RequestHandler {
  const router = Router();
  router.use(['/api'], (request, response, next) => {
    if (isAllowed(request, parts.tokens)) return next();
    fail(response, {
      status: 401,
      type: 'authentication_error',
      message:
        'Send the admin token or a changes token: Authorization: Bearer <token> (npx shiplog secrets shows them).',
    });
  });
  router.get('/api/v1/changes', (request, response) => listChanges(parts, request, response));
  router.get('/api/v1/services/:service/changes', (request, response) =>
    listChanges(parts, request, response, request.params.service),
  );
  router.get('/api/deployments/*key', async (request, response) => {
    const path = request.params['key'];
    const found = await describe(parts, Array.isArray(path) ? path.join('/') : String(path));
    if (!found)
      return fail(response, {
        status: 404,
        type: 'not_found',
        message: 'There is no such deployment, or it is older than the change log keeps.',
      });
    response.json({ data: found });
  });
  router.get('/api/inbox', async (request, response) => {
    const query = z.object(Page).safeParse(request.query);
    if (!query.success)
      return fail(response, { status: 400, type: 'validation_error', message: firstIssue(query.error) });
    const { entries, total } = await parts.inbox.list(query.data);
    response.json({ data: entries, meta: meta(query.data, total, entries.length) });
  });
  router.get('/api/inbox/:id', async (request, response) => {
    const entry = await parts.inbox.get(request.params.id);
    if (!entry)
      return fail(response, {
        status: 404,
        type: 'not_found',
        message: 'There is no such webhook, or it is older than the inbox keeps.',
      });
    const words = wordsFor(entry.reason);
    response.json({ data: { ...entry, ...(words && { words }) } });
  });
  return router;
}

async function listChanges(
  { deployments }: ApiParts,
  request: Request,
  response: Response,
  service?: string,
): Promise<void> {
  const query = ChangesQuery.safeParse(request.query);
  if (!query.success)
    return fail(response, { status: 400, type: 'validation_error', message: firstIssue(query.error) });
  const { limit, offset, since, until, service_id, ...facets } = query.data;
  const wanted = service ?? service_id;
  const found = await deployments.list({
    facets: { ...withoutUndefined(facets), ...(wanted && { service: wanted }) },
    ...(since && { sinceMs: Date.parse(since) }),
    ...(until && { untilMs: Date.parse(until) }),
    limit,
    offset,
  });
  response.json({
    data: found.deployments.map(toChange),
    meta: meta({ limit, offset }, found.total, found.deployments.length),
  });
}

async function describe({ deployments, ledger, sinks }: ApiParts, key: string) {
  const routed = await deployments.get(key);
  if (!routed) return undefined;
  const { deployment, trace, droppedBy } = routed;
  const [records, deliveries] = await Promise.all([
    deployments.records(key),
    Promise.all(
      sinks.map(async (sink) => ({
        ...((await ledger.read(sink.name, deployment.key)) ?? { sink: sink.name, attempts: [] }),
        wants: sink.wants(deployment),
      })),
    ),
  ]);
  return {
    change: toChange(deployment),
    deployment,
    records,
    rules: trace,
    ...(droppedBy && { dropped_by: droppedBy }),
    deliveries,
  };
}

const meta = ({ limit, offset }: { limit: number; offset: number }, total: number, shown: number) => ({
  total,
  limit,
  offset,
  has_more: offset + shown < total,
});

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  }; // only undefined was taken out
}

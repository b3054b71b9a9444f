import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Deployment } from '../domain/deployment.ts';
import type { RunningStatus } from '../domain/running.ts';
import { swimlanesOf } from '../domain/timeline.ts';
import type { Sink } from '../sinks/sink.ts';
import { reasonTextFor } from '../sources/reasons.ts';
import type { Source } from '../sources/source.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import { CHANGE_FILTER, toChangeFilter, toSpan } from '../store/changes/search/filter.ts';
import { textSuggestions } from '../store/changes/search/names.ts';
import type { Listed } from '../store/changes/search/query.ts';
import type { Running } from '../store/changes/timeline/running.ts';
import type { Ledger } from '../store/deliveries/ledger.ts';
import type { Feed } from '../store/feed.ts';
import { VERDICTS } from '../store/inbox/entry.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { DAY_MS } from '../values/units.ts';
import { type Access, requireScope, type Scope } from './access.ts';
import { type AlertsParts, listAlerts, sendAlert } from './alerts.ts';
import type { Change } from './answers/change.ts';
import { toChange } from './change.ts';
import { type DeploymentDetailParts, describeDeployment, toRunning } from './deployment-detail.ts';
import { fail, readQuery } from './error-response.ts';
import { exportChanges } from './export.ts';
import { pageMeta as meta, Page } from './paging.ts';
import { sendPerformance } from './performance.ts';
import { sendRunning } from './running.ts';
import { sendSources } from './sources.ts';
import { toUnknown, toUnknownText } from './unknown-names.ts';
import { WRITES } from './unknown-path.ts';

export interface ApiParts extends AlertsParts {
  readonly access: Access;
  readonly deployments: Deployments;
  /** Deployments that may be the same one, which is not certain: their keys. */
  readonly related: (deployment: Deployment) => Promise<readonly string[]>;
  readonly inbox: Inbox;
  readonly running: Running;
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
  /** The sinks that are on hold, by name. */
  readonly holds: DeploymentDetailParts['holds'];
  readonly sources: readonly Source[];
}

/** An unknown parameter is refused: a misspelled filter would answer with everything. */
export const ChangesQuery = z.strictObject({
  ...Page,
  ...CHANGE_FILTER,
  /** `csv` and `ndjson` are files of all that match, unless `limit` is given. */
  format: z.enum(['json', 'csv', 'ndjson'], { error: 'write json, csv or ndjson' }).default('json'),
});
/** Defaults: `until` is now, `since` a day before. */
export const TimelineQuery = ChangesQuery.omit({ limit: true, offset: true, text: true, format: true });

export const InboxQuery = z.strictObject({
  ...Page,
  source: CHANGE_FILTER.source,
  verdict: z.enum(VERDICTS, { error: `write ${VERDICTS.join(', ')}` }).optional(),
  /** A part of any text of the webhook. */
  q: CHANGE_FILTER.text,
});
/** `after`: events since that position. Without it the newest ones, and the position from which to continue. */
export const FeedQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}-\d{1,15}$/, 'write the `next` of an earlier answer')
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  last: z.coerce.number().int().min(0).max(500).default(0),
});

/** Reading: the change log in Alert24's list envelope, one deployment with all its details, and the inbox. */
export function createApi(parts: ApiParts): RequestHandler {
  const router = Router();
  // A token that may write reads what its own source reported, and nothing else.
  router.use(['/api/v1', '/api/deployments'], toRead(parts.access, 'write'));
  router.use(
    ['/api/feed', '/api/inbox', '/api/sources', '/api/v1/alerts', '/api/v1/performance', '/api/v1/running'],
    toRead(parts.access, 'read'),
  );
  router.use('/api', toRead(parts.access, 'write'));
  router.get('/api/v1/changes', (request, response) => listChanges(parts, request, response));
  router.get('/api/v1/changes/timeline', (request, response) => sendTimeline(parts, request, response));
  router.get('/api/v1/performance', (request, response) => sendPerformance(parts, request.query, response));
  router.get('/api/v1/running', (request, response) => sendRunning(parts, request, response));
  router.get('/api/v1/alerts', (request, response) => listAlerts(parts, request, response));
  router.get('/api/v1/alerts/:id', (request, response) => sendAlert(parts, request, response));
  router.get('/api/v1/services/:service/changes', (request, response) =>
    listChanges(parts, request, response, request.params.service),
  );
  router.get('/api/deployments/*key', (request, response) => sendDeployment(parts, request, response));
  router.get('/api/feed', (request, response) => listFeed(parts, request, response));
  router.get('/api/sources', (_request, response) => sendSources(parts, response));
  router.get('/api/inbox', async (request, response) => {
    const query = readQuery(InboxQuery, request.query);
    if ('message' in query) return refuse(response, query.message);
    await listInbox(parts, query.data, response);
  });
  router.get('/api/inbox/:id', (request, response) => sendWebhook(parts, request, response));
  return router;
}

/** Nothing here is written to: a webhook with a wrong address is no reader without a token, and the inbox lists it. */
function toRead(access: Access, needed: Scope): RequestHandler {
  const guard = requireScope(access, needed);
  return (request, response, next) => (WRITES.has(request.method) ? next() : guard(request, response, next));
}

async function sendDeployment(parts: ApiParts, request: Request, response: Response): Promise<void> {
  const path = request.params['key'];
  const found = await describeDeployment(parts, Array.isArray(path) ? path.join('/') : String(path));
  const { instance } = ownOnly(parts, request);
  const isOwn = instance !== undefined;
  if (!found || (isOwn && found.deployment.instance !== instance))
    return fail(response, {
      status: 404,
      type: 'not_found',
      message: 'There is no such deployment, or it is older than the change log keeps.',
    });
  response.json({ data: isOwn ? withoutOthers(found) : found });
}

/** What ran there before may belong to another source, and so may what looks like the same deployment. */
function withoutOthers<Found extends { change: Change; deployment: Deployment }>(found: Found) {
  const { replaced: _, ...deployment } = found.deployment;
  return { ...found, change: aloneIn(found.change), deployment, related: [] };
}

const aloneIn = (change: Change): Change => ({ ...change, replaced: null });

async function sendWebhook({ inbox, access }: ApiParts, request: Request, response: Response): Promise<void> {
  const entry = await inbox.get(String(request.params['id']));
  if (!entry)
    return fail(response, {
      status: 404,
      type: 'not_found',
      message: 'There is no such webhook, or it is older than the inbox keeps.',
    });
  const { body, ...shown } = entry;
  const reasonText = reasonTextFor(entry.reason);
  const mayReadBodies = access.identify(request)?.may === 'admin';
  response.json({
    data: { ...shown, ...(mayReadBodies && body !== undefined && { body }), ...(reasonText && { words: reasonText }) },
  });
}

/** The restriction of a token to its source. */
function ownOnly({ access }: ApiParts, request: Request): { readonly instance?: string } {
  const { may, source } = access.identify(request) ?? { may: 'write' };
  return may === 'write' ? { instance: source ?? '' } : {};
}

async function listChanges(parts: ApiParts, request: Request, response: Response, service?: string): Promise<void> {
  const { deployments } = parts;
  const query = readQuery(ChangesQuery, request.query);
  if ('message' in query) return refuse(response, query.message);
  const { limit, offset, format, ...asked } = query.data;
  const filter = toChangeFilter(service === undefined ? asked : { ...asked, service_id: service }, new Date());
  const own = ownOnly(parts, request);
  const isOwn = own.instance !== undefined;
  const toItem = isOwn ? (found: Deployment) => aloneIn(toChange(found)) : toChange;
  const { selection: asIs, unknown } = await deployments.resolve(filter);
  const selection = { ...asIs, facets: { ...asIs.facets, ...own } };
  if (format !== 'json')
    return exportChanges(
      deployments,
      { selection, format, limit: 'limit' in request.query ? limit : undefined, toItem },
      response,
    );
  const listing = deployments.list({ ...selection, limit, offset });
  const found = await listing;
  const statusOf = isOwn ? undefined : await parts.running.statusOf(listing);
  const asking = { names: () => deployments.names(), found: found.total };
  const suggestions = isOwn || filter.facets.person ? [] : await textSuggestions(filter.text, asking);
  const notes = isOwn ? [] : [...unknown.map(toUnknown), ...suggestions.map(toUnknownText)];
  response.json({
    data: found.deployments.map((one) => withRunning(toItem(one), statusOf?.(one))),
    meta: {
      ...meta({ limit, offset }, found.total, found.deployments.length),
      ...stoppedMeta(found),
      ...(notes.length > 0 && { unknown: notes }),
    },
  });
}

const withRunning = (item: Change, status: RunningStatus | undefined): Change =>
  status ? { ...item, running: toRunning(status) } : item;

/** Everything from `searched_since` on was searched: a query that ends there (`until`) continues. */
const stoppedMeta = ({ stopped }: Pick<Listed, 'stopped'>) =>
  stopped && { searched: stopped.count, searched_since: new Date(stopped.reachedMs + 1).toISOString() };

const refuse = (response: Response, message: string): void =>
  fail(response, { status: 400, type: 'validation_error', message });

async function listInbox(
  { inbox }: ApiParts,
  { limit, offset, source, verdict, q: text }: z.output<typeof InboxQuery>,
  response: Response,
): Promise<void> {
  if ((source ?? verdict ?? text) === undefined) {
    const { entries, total } = await inbox.list({ limit, offset });
    return void response.json({ data: entries, meta: meta({ limit, offset }, total, entries.length) });
  }
  // In a search the offset counts the entries that were searched, not those that matched.
  const { entries, total, next } = await inbox.search({ source, verdict, text }, { offset, limit });
  const more = { has_more: next !== undefined, ...(next !== undefined && { next }) };
  response.json({ data: entries, meta: { total, limit, offset, ...more } });
}

/** What the page draws: a lane for each environment, with overlapping entries merged into one with their count. */
async function sendTimeline(parts: ApiParts, request: Request, response: Response): Promise<void> {
  const query = readQuery(TimelineQuery, request.query);
  if ('message' in query) return refuse(response, query.message);
  const now = new Date();
  const { selection: filter } = await parts.deployments.resolve(toChangeFilter(query.data, now));
  const { sinceMs, untilMs: toMs = now.getTime() } = toSpan(query.data, now);
  const window = { fromMs: sinceMs ?? toMs - DAY_MS, toMs };
  const facets = { ...filter.facets, ...ownOnly(parts, request) };
  const selection = { ...filter, facets, sinceMs: window.fromMs };
  const [marks, found] = await Promise.all([
    parts.deployments.timeline(selection),
    parts.deployments.list({ ...selection, limit: 0, offset: 0, isCounted: true }), // one search
  ]);
  const time = (ms: number) => new Date(ms).toISOString();
  response.json({
    data: swimlanesOf(marks, window).map(({ name, count, rows }) => ({
      lane: name,
      count,
      rows: rows.map(({ row, groups }) => ({
        row,
        marks: groups.map(({ count, fromMs, toMs, newest }) => ({
          count,
          from: time(fromMs),
          to: time(toMs),
          deployment: newest.key,
          status: newest.state,
          change_type: newest.changeType,
        })),
      })),
    })),
    meta: { since: time(window.fromMs), until: time(toMs), total: marks.length, ...stoppedMeta(found) },
  });
}

/** A webhook in its present state: an `accepted` one is still being recorded. */
async function listFeed({ feed, inbox }: ApiParts, request: Request, response: Response): Promise<void> {
  const query = readQuery(FeedQuery, request.query);
  if ('message' in query) return refuse(response, query.message);
  const { after, limit, last } = query.data;
  const { events, next, gap } = after === undefined ? await feed.newest(last) : await feed.after(after, limit);
  const entries = await inbox.entries(events.map((event) => (event.kind === 'webhook' ? event.webhook : '')));
  const data = events.map((event, at) =>
    event.kind === 'delivery' ? event : { ...event, webhook: entries[at] ?? { id: event.webhook } },
  );
  response.json({ data, meta: { next, gap, more: after !== undefined && events.length === limit } });
}

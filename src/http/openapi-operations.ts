import type { z } from 'zod';
import { PostedChange } from '../sources/index.ts';
import { ReconcileOrder, RedeliverOrder } from './admin.ts';
import { AlertsQuery } from './alerts.ts';
import type { SchemaName } from './answers/index.ts';
import { ChangesQuery, FeedQuery, InboxQuery, TimelineQuery } from './api.ts';
import { DeadLetterOrder, DeadLetterQuery } from './dead-letters.ts';
import { PerformanceQuery } from './performance.ts';
import { PreviewQuery } from './preview.ts';
import { RunningQuery } from './running.ts';

/** One operation of our own API. Queries and bodies are the very schemas that the handlers parse with. */
export interface Operation {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/api/inbox/{id}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /**
   * Which tokens it accepts: `own` any, but a changes token sees only what its own source reported; `reader` the
   * admin's and read tokens; `source` those of the source alone.
   */
  readonly token: 'own' | 'reader' | 'admin' | 'source';
  readonly query?: z.ZodType;
  /** `anything`: bytes as a tool would send them. */
  readonly body?: z.ZodType | 'anything';
  readonly answer: {
    readonly status: number;
    readonly data: SchemaName;
    readonly list?: true;
    readonly meta?: SchemaName;
  };
  /** Beside 401. */
  readonly refusals: readonly (400 | 404 | 409 | 413)[];
}

const changesAnswer = { status: 200, data: 'Change', list: true, meta: 'PageMeta' } as const;
const createdAnswer = { status: 201, data: 'CreatedChange' } as const;

const reading: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/changes',
    id: 'listChanges',
    summary: 'The change log, newest first; with format csv or ndjson all of it as a file',
    token: 'own',
    query: ChangesQuery,
    answer: changesAnswer,
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/v1/changes/timeline',
    id: 'drawTimeline',
    summary:
      'The change log as the timeline shows it, a lane per environment: the last day, unless since and until are set',
    token: 'own',
    query: TimelineQuery,
    answer: { status: 200, data: 'TimelineLane', list: true, meta: 'TimelineMeta' },
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/v1/performance',
    id: 'measurePerformance',
    summary:
      'The four DORA measures by service or environment, each with its base and that of the span before; ' +
      'with format csv as a file',
    token: 'reader',
    query: PerformanceQuery,
    answer: { status: 200, data: 'Performance', list: true, meta: 'PerformanceMeta' },
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/v1/running',
    id: 'listRunning',
    summary:
      'What runs where: an item per service and environment, with its commit, since when, by whom, and how far ' +
      'it is from production',
    token: 'reader',
    query: RunningQuery,
    answer: { status: 200, data: 'Running', list: true, meta: 'RunningMeta' },
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/v1/alerts',
    id: 'listAlerts',
    summary: 'The reported alerts, newest first, of the newest 1,000 in the time range',
    token: 'reader',
    query: AlertsQuery,
    answer: { status: 200, data: 'Alert', list: true, meta: 'PageMeta' },
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/v1/alerts/{id}',
    id: 'getAlert',
    summary: 'One alert, and the changes that may have caused it, most likely first, each with its reasons',
    token: 'reader',
    answer: { status: 200, data: 'AlertDetail' },
    refusals: [404],
  },
  {
    method: 'get',
    path: '/api/v1/services/{service}/changes',
    id: 'listChangesOfService',
    summary: 'The changes of one service, by its name or id',
    token: 'own',
    query: ChangesQuery,
    answer: changesAnswer,
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/deployments/{key}',
    id: 'getDeployment',
    summary: 'Everything about one deployment, by its key, an alias, or the id that a destination gave it',
    token: 'own',
    answer: { status: 200, data: 'DeploymentDetail' },
    refusals: [404],
  },
  {
    method: 'get',
    path: '/api/sources',
    id: 'listSources',
    summary: 'What each source sent in the last 24 hours, and which sources have stopped sending',
    token: 'reader',
    answer: { status: 200, data: 'SourceTraffic', list: true },
    refusals: [],
  },
  {
    method: 'get',
    path: '/api/inbox',
    id: 'listWebhooks',
    summary: 'Every webhook with its verdict, newest first',
    token: 'reader',
    query: InboxQuery,
    answer: { status: 200, data: 'Webhook', list: true, meta: 'PageMeta' },
    refusals: [400],
  },
  {
    method: 'get',
    path: '/api/inbox/{id}',
    id: 'getWebhook',
    summary: 'One webhook with its body',
    token: 'reader',
    answer: { status: 200, data: 'WebhookWithBody' },
    refusals: [404],
  },
  {
    method: 'get',
    path: '/api/feed',
    id: 'readFeed',
    summary:
      'Webhooks and delivery attempts in the order in which they happened. Ask again with `after` set to meta.next',
    token: 'reader',
    query: FeedQuery,
    answer: { status: 200, data: 'FeedItem', list: true, meta: 'FeedMeta' },
    refusals: [400],
  },
];

const writing: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/v1/changes',
    id: 'createChange',
    summary: 'Reports a change: what was done where, with its state and times',
    token: 'source',
    body: PostedChange,
    answer: createdAnswer,
    refusals: [400, 413],
  },
  {
    method: 'post',
    path: '/api/v1/services/{service}/changes',
    id: 'createChangeOfService',
    summary: 'The same for one service',
    token: 'source',
    body: PostedChange,
    answer: createdAnswer,
    refusals: [400, 413],
  },
];

const administration: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/inbox/{id}/replay',
    id: 'replayWebhook',
    summary: 'Maps and records a webhook again from its kept body',
    token: 'admin',
    answer: { status: 202, data: 'ReplayedWebhook' },
    refusals: [409],
  },
  {
    method: 'get',
    path: '/api/dead-letters',
    id: 'listDeadLetters',
    summary: 'Deliveries and webhooks that are no longer retried, newest first',
    token: 'admin',
    query: DeadLetterQuery,
    answer: { status: 200, data: 'DeadLetter', list: true, meta: 'DeadLetterMeta' },
    refusals: [400],
  },
  {
    method: 'post',
    path: '/api/dead-letters/replay',
    id: 'replayDeadLetters',
    summary: 'Retries them',
    token: 'admin',
    body: DeadLetterOrder,
    answer: { status: 200, data: 'Replayed' },
    refusals: [400],
  },
  {
    method: 'post',
    path: '/api/dead-letters/drop',
    id: 'dropDeadLetters',
    summary: 'Deletes them',
    token: 'admin',
    body: DeadLetterOrder,
    answer: { status: 200, data: 'Dropped' },
    refusals: [400],
  },
  {
    method: 'post',
    path: '/api/sessions/end',
    id: 'endSessions',
    summary: 'Logs everybody out of the pages',
    token: 'admin',
    answer: { status: 200, data: 'EndedSessions' },
    refusals: [],
  },
  {
    method: 'post',
    path: '/api/reconcile',
    id: 'reconcile',
    summary: "Asks a tool's API for deployments that were never reported, and records them",
    token: 'admin',
    body: ReconcileOrder,
    answer: { status: 200, data: 'Reconciled' },
    refusals: [400],
  },
  {
    method: 'post',
    path: '/api/redeliver',
    id: 'redeliver',
    summary: 'Queues all changes since a time for a sink that was added later; nothing is delivered twice',
    token: 'admin',
    body: RedeliverOrder,
    answer: { status: 200, data: 'Redelivered' },
    refusals: [400, 404],
  },
  {
    method: 'post',
    path: '/api/preview/{source}',
    id: 'previewWebhook',
    summary: 'How a webhook would be processed; nothing is kept or sent',
    token: 'admin',
    query: PreviewQuery,
    body: 'anything',
    answer: { status: 200, data: 'Explanation' },
    refusals: [400, 404, 413],
  },
  {
    method: 'get',
    path: '/api/rules',
    id: 'listRules',
    summary: 'How often each rule has matched',
    token: 'admin',
    answer: { status: 200, data: 'RuleHits', list: true },
    refusals: [],
  },
];

export const OPERATIONS: readonly Operation[] = [...reading, ...writing, ...administration];
